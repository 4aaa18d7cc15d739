"""What the reason of a grid says of the kernel that leaves it."""

from dataclasses import replace

import pytest

from spectra.explain._cause import _rejection
from spectra.kernel import interpolator, measure


def test_a_kernel_that_amplifies_replicas_is_said_to():
    """A negative number of dB below is a number above."""
    loud = replace(measure(interpolator("nearest", 2)), rejection_db=-1.6)
    assert _rejection(loud).startswith(
        ": 1.6 dB above the base band for 1/f^2 inputs, where nearest is at 11.3"
    )
    assert _rejection(loud).endswith(" below")


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("nearest", []),  # it is nearest, and the least error of its size
        ("bilinear", ["nearest is at 11.3", "the least-error kernel of its size at 20.1"]),
    ],
)
def test_a_kernel_is_not_compared_with_itself(kind, named):
    text = _rejection(measure(interpolator(kind, 2)), kind)
    assert text.startswith(": ")
    assert [part for part in ("nearest", "least-error") if part in text] == [
        "nearest" if "nearest" in part else "least-error" for part in named
    ]
    assert all(part in text for part in named)
