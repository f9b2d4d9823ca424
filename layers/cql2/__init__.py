"""CQL2 (OGC 21-065r2): filters in text or JSON, compiled to conditions with bound values.

``parse`` reads either encoding into the JSON form; ``compiler`` turns that into SQL over a
layer's declared columns. No text of a request ever becomes SQL text.
"""
