"""What the reason of a grid says of the kernel that leaves it."""

import pytest

from spectra.explain._cause import _rejection
from spectra.kernel import interpolator, measure


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
