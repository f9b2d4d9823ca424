"""Layers that people add from files of their own while the service runs."""
