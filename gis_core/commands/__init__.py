"""The commands of the core: running the service and its database, and finding what is wrong."""
