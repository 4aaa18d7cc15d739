"""What the reason of a grid says of the kernel that leaves it."""

import re

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
        ("least error", ", where nearest is at 11.3"),
        ("bilinear", ", where nearest is at 11.3 and the least-error kernel of its size at 20.1"),
    ],
)
def test_a_kernel_is_not_compared_with_itself(name, beside):
    own = r": \d\d\.\d dB below the base band for 1/f\^2 inputs"
    assert re.fullmatch(own + re.escape(beside), _rejection(measure(KERNELS[name])))
