"""Attacks on dense outputs: FGSM, PGD, SegPGD and CosPGD with losses of each pixel."""

import lazy_loader

# an attack's text is checked before torch is imported for it
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
