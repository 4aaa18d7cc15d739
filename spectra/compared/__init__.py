"""What two results of one kind say together: rows matched, differences, did it help."""

import lazy_loader

# what a score holds is told, and read again, without the SciPy that makes it
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
