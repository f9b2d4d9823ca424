"""A walk through the abstract tests of every conformance class that the service declares."""
