"""All inputs run through a model once: what passes its places becomes running sums."""

from spectra.gather._pass import run
from spectra.gather._passed import Few, Passed, Place
from spectra.gather._places import add_maps

__all__ = ["Few", "Passed", "Place", "add_maps", "run"]
