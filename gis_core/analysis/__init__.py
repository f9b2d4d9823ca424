"""Analysis: pure functions, arrays in and arrays out; no database, no files, no settings."""
