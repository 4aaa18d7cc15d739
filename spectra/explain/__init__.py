"""Numbers become verdict, cause, confounders and advice."""

import lazy_loader

# a summary is read again without the sentences that it was made of
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
