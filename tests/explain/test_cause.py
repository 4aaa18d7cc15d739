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


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        ("nearest", ""),
        ("least error", " (nearest 11.3)"),
        ("bilinear", " (nearest 11.3)"),
        ("worse", " (nearest 11.3, the least-error kernel of its size 20.1)"),
    ],
)
def test_a_kernel_is_not_compared_with_itself_nor_a_blur_with_what_it_beats(name, beside):
    """Bilinear interpolation rejects 23.4 dB where the least error of its size rejects 20.1."""
    worse = replace(measure(KERNELS["bilinear"]), rejection_db=18.0)
    measured = worse if name == "worse" else measure(KERNELS[name])
    own = r"; it weakens them by \d\d\.\d dB"
    assert re.fullmatch(own + re.escape(f"{beside} for 1/f^2 inputs"), _rejection(measured))
