"""What the upsampling kernel does to networks that differ in nothing else, in pairs and attacked.

python -m spectra.study --task restoration
python -m spectra.study train --task restoration --model spectra.models:nafnet_small
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
