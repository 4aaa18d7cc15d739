"""Training the networks of a study: a task and a model become weights, a history and metrics.

python -m spectra.study train --task restoration --model spectra.models:nafnet_small
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
