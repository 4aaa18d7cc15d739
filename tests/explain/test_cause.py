"""What the reason of a grid says of the kernel that leaves it."""

import re
from dataclasses import replace

import pytest

from spectra.explain._cause import _rejection
from spectra.kernel import attainable_bound, interpolator, measure

KERNELS = {
    "nearest": interpolator("nearest", 2),  # also the least error of its size
    "least error": attainable_bound(4).kernel,
    "bilinear": interpolator("bilinear", 2),
}


def test_a_kernel_that_amplifies_replicas_is_said_to():
    """A negative number of dB below is a number above."""
    loud = replace(measure(interpolator("nearest", 2)), rejection_db=-1.6)
    said = _rejection(loud)
    assert said.startswith(", 1.6 dB above it (1/f^2 inputs, nearest 11.3 below")


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        ("nearest", ""),
        ("least error", ", nearest 11.3"),
        ("bilinear", ", nearest 11.3"),
        ("worse", ", nearest 11.3, the least-error kernel of its size 20.1"),
    ],
)
def test_a_kernel_is_not_compared_with_itself_nor_a_blur_with_what_it_beats(name, beside):
    """Bilinear interpolation rejects 23.4 dB where the least error of its size rejects 20.1."""
    worse = replace(measure(KERNELS["bilinear"]), rejection_db=18.0)
    measured = worse if name == "worse" else measure(KERNELS[name])
    own = r", \d\d\.\d dB below it \(1/f\^2 inputs"
    assert re.fullmatch(own + re.escape(beside) + r"\)", _rejection(measured))
