"""The table of kinds says what PyTorch does."""

from collections import Counter
from typing import get_args

import pytest
import torch
from torch.nn import functional as F

from spectra.kernel import interpolator
from spectra.kinds import FIXED_TAPS, KINDS, MODES, Kind

NEW = {"_upsample_lanczos2d_aa"}  # not in every version of PyTorch that is supported
CONVOLVE = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def test_every_name_has_its_row():
    assert get_args(Kind) == tuple(KINDS)


def test_no_operation_is_of_two_kinds():
    named = Counter(name for kind in KINDS.values() for name in kind.operations)
    assert set(named.values()) == {1}


def test_every_operation_is_one_of_pytorch():
    operations = {name for kind in KINDS.values() for name in kind.operations} - NEW
    assert {name for name in operations if not hasattr(torch.ops.aten, name)} == set()


def upsampled(name, x):
    """Return ``x`` three times as large: by a mode of interpolate, else by a pooling operation."""
    if name in MODES:
        return F.interpolate(x, scale_factor=3, mode=name)
    operations = {axes: operation for operation, axes in KINDS[name].operations.items()}
    pool = getattr(torch.ops.aten, operations[x.ndim - 2])
    made = pool(x, [3 * n for n in x.shape[2:]])
    return made[0] if isinstance(made, tuple) else made


def by_taps(name, x, reach):
    """Return ``x``, ``reach`` pixels repeated beyond each border, through the taps of a kind."""
    axes = x.ndim - 2
    kernel = interpolator(FIXED_TAPS[name], (3,) * axes)
    padded = F.pad(x, (reach, reach) * axes, mode="replicate")
    y = CONVOLVE[axes](padded, torch.from_numpy(kernel.weight), stride=3)
    for axis, (n, first) in enumerate(zip(x.shape[2:], kernel.padding, strict=True), start=2):
        y = y.narrow(axis, first + 3 * reach, 3 * n)
    return y


@pytest.mark.parametrize("name", FIXED_TAPS)
def test_the_taps_and_the_reach_of_a_kind_are_those_of_pytorch(name, generator):
    kind = KINDS.get(name) or MODES[name]
    for axes in [kind.axes] if kind.axes else [1, 2, 3]:
        x = torch.randn(1, 1, *[5] * axes, generator=generator, dtype=torch.float64)
        expected = upsampled(name, x)
        torch.testing.assert_close(by_taps(name, x, kind.reach), expected)
        assert kind.reach == 0 or not torch.allclose(by_taps(name, x, kind.reach - 1), expected)
