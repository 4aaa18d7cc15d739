"""A running model -> its upsampling steps and what flows through them."""

import lazy_loader

# what is told of a step is read again without torch, which takes seconds to import
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
