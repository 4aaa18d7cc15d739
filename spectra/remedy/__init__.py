"""Layers that cure, exact conversion of what is there, and swapping them into any model."""

import lazy_loader

# the name of a remedy is checked before torch is imported for its layer
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
