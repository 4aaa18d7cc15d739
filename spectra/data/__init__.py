"""Pairs of inputs and targets: published sets by path, stand-ins without any file, and metrics."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
