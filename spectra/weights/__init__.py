"""A model, a program, or bare weights -> the upsampling kernels that they hold."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
