"""Styles and legends of layers and surfaces."""
