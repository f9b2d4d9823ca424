"""The computed surfaces of the province, one file each."""
