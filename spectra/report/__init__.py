"""Results become a terminal answer, JSON, netCDF and figures, and are read again."""

import lazy_loader

# a folder that cannot be written is refused before anything that writes is imported
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
