"""Files of others become features of a layer: read, fitted, checked, and stored or refused.

``readers`` knows the formats, one file each; every reader gives the same ``Source`` of
batches. ``fit`` makes rows of a layer from them, with a reason for each that cannot be
one. ``load`` puts a file into the database in one transaction.
"""
