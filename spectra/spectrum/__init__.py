"""Streamed maps become running statistics that can be merged."""

import lazy_loader

# rings and slices are drawn without torch, which takes seconds to import
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
