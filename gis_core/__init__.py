"""How the service works: settings, database, reference systems, geometry and pure analysis.

Nothing in this package knows a layer, a detector, a page or an API; those rooms
import this one and are never imported by it.
"""

__version__ = "0.1.0"
