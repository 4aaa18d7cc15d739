"""Results drawn on given axes, and the figures of a whole run."""

import lazy_loader

# matplotlib takes a second to import, which only what draws should
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
