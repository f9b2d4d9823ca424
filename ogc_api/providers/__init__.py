"""pygeoapi's view of our layers and surfaces."""
