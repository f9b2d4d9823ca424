"""Vector tiles of layers, and the tile matrix sets."""
