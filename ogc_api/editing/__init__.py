"""Changing features: POST, PUT, PATCH and DELETE for those who may."""
