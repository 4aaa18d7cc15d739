"""One file a verb: each runs the stages from what a user has to what is told."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
