"""Processes that anybody may run, and the jobs that they run as."""
