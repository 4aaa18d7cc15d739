"""Known signals -> the causal response of a model: flat field, impulses, shifts."""

import lazy_loader

# what is told of a probe is read again without torch, which takes seconds to import
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
