"""Three small decoders with and without a grid, and photographs to see it on.

    spectra analyze small.safetensors spectra.demo:photographs --arch spectra.demo:small

`small` upsamples with 3x3 transposed convolutions, `lctc` with parallel 7x7 + 3x3 ones,
`lctc_sinc` is `lctc` started from sinc interpolation. ``MODEL_CARD.md`` says how they were
trained; ``python -m spectra.demo.train`` trains them again.
"""

from spectra.demo._decoders import lctc, lctc_sinc, small
from spectra.demo._photographs import photographs, write_photographs
from spectra.demo._weights import weights

__all__ = [
    "lctc",
    "lctc_sinc",
    "photographs",
    "small",
    "weights",
    "write_photographs",
]
