"""The cells of surfaces."""
