"""The features of layers: items, their filters, sorting and paging."""
