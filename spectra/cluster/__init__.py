"""Work handed to several processes, here or on a Dask cluster, and what happens when they die."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
