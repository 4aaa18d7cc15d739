"""A learned kernel, without any data: what it passes, what it leaks, what its size allows."""

import lazy_loader

# what reads a table of kernels, or builds one, need not load what measures it
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
