"""A trained or swapped model loses its grid: by equal phases, or by learning its own output."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
