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
    assert _rejection(loud).startswith(
        ": 1.6 dB above the base band for 1/f^2 inputs, where nearest is at 11.3"
    )
    assert _rejection(loud).endswith(" below")


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
