"""The paper's networks, whose upsampling layers can be chosen.

spectra analyze NAFNet-GoPro-width32.pth photos/ --arch spectra.models:nafnet_width32
spectra analyze spectra.models:unet_small photos/ --arch-arg upsampler=lctc7+3
"""

import lazy_loader

# a factory is named on the command line, and torch is imported when it is called for
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
