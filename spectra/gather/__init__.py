"""All inputs run through a model once: what passes its places becomes running sums."""

from spectra.gather._pass import run
from spectra.gather._passed import Few, Passed, Place

__all__ = ["Few", "Passed", "Place", "run"]
