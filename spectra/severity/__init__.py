"""How severe the grid of an output is: what is seen of it, and how plain enlargements compare."""

import lazy_loader

# a summary is read again without torch, which takes seconds to import
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
