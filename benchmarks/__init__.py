"""One file per claim; each prints a ratio against its reference."""
