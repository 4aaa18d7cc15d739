"""Whatever names or holds pictures, arrays, latents, sound or fields becomes equal samples."""

import lazy_loader

# what can be refused without torch is refused before torch, which takes seconds, is imported
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
