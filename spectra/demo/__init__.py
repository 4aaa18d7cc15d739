"""Three small decoders with and without a grid, and photographs to see it on.

    spectra analyze small.safetensors spectra.demo:photographs --arch spectra.demo:small

`small` upsamples with 3x3 transposed convolutions, `lctc` with parallel 7x7 + 3x3 ones,
`lctc_sinc` is `lctc` started from sinc interpolation. ``MODEL_CARD.md`` says how they were
trained; ``python -m spectra.demo.train`` trains them again.
"""

import lazy_loader

# the photographs and the weights are found without torch, which only the decoders need
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
