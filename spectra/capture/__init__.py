"""A running model -> its upsampling steps and what flows through them."""

from spectra.capture._convolution import Convolution
from spectra.capture._discover import discover
from spectra.capture._forward import MixedInputsError, forward
from spectra.capture._modules import modules_by_path
from spectra.capture._periods import follow_periods
from spectra.capture._quiet import quiet
from spectra.capture._reading import Reading
from spectra.capture._steps import KINDS, Discovery, Growth, Kind, Mark, Step
from spectra.capture._stream import Tap, stream
from spectra.follow import Borders, LargestTensor, Layout, unseen

__all__ = [
    "KINDS",
    "Borders",
    "Convolution",
    "Discovery",
    "Growth",
    "Kind",
    "LargestTensor",
    "Layout",
    "Mark",
    "MixedInputsError",
    "Reading",
    "Step",
    "Tap",
    "discover",
    "follow_periods",
    "forward",
    "modules_by_path",
    "quiet",
    "stream",
    "unseen",
]
