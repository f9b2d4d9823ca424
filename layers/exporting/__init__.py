"""How a layer is written: the formats, and what each of them says of the data it holds.

``metadata`` gathers what is to be said once, ``formats`` puts it where each format has a place
for it, ``sidecars`` writes the documents that go beside or into a file, and ``sensor_things``
streams observations under the names of OGC SensorThings.
"""
