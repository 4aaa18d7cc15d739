"""What is told from geometry alone is what following every element says."""

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from spectra.capture import discover
from spectra.follow import Origins, read_enlarged
from spectra.follow._axes import indices, legs

SIDES = st.sampled_from([1, 2, 3, 4])


@st.composite
def geometries(draw):
    """Return a tensor that lies in its storage permuted, sliced and at an offset."""
    shape = draw(st.lists(SIDES, min_size=1, max_size=4))
    whole = torch.arange(int(np.prod(shape))).reshape(shape)
    tensor = whole.permute(draw(st.permutations(range(len(shape)))))
    return tensor[draw(st.integers(0, tensor.shape[0] - 1)) :]


@settings(max_examples=200)
@given(geometries(), st.integers(0, 3), st.integers(1, 9), st.integers(1, 9))
def test_a_walk_goes_where_its_legs_say(tensor, start, count, step):
    geometry = (tuple(tensor.shape), tensor.stride(), tensor.storage_offset())
    start += tensor.storage_offset()
    at = {int(value): index for index, value in np.ndenumerate(tensor.numpy())}
    first = indices(geometry, start)
    assert (None if first is None else tuple(first)) == at.get(start)
    walk = None if first is None else legs(geometry, count, step, start)
    if walk is None:
        return
    offsets = np.zeros((1, tensor.ndim), int)
    for leg in walk:
        moved = leg.step * np.arange(leg.stops)[:, None] * np.eye(tensor.ndim, dtype=int)[leg.axis]
        offsets = (moved[:, None] + offsets[None]).reshape(-1, tensor.ndim)
    assert [tuple(i) for i in np.array(first) + offsets] == [
        at[start + step * i] for i in range(count)
    ]


def test_a_whole_axis_is_one_leg_and_what_crosses_its_end_is_none():
    geometry = ((3, 4, 5), (20, 5, 1), 0)
    assert legs(geometry, 3, 20, 0) == [(0, 3, 1)]
    assert legs(geometry, 20, 1, 20) == [(2, 5, 1), (1, 4, 1)]
    assert legs(geometry, 4, 1, 3) is None


def cut(n, width):
    return (n // width, width) if n % width == 0 else (n,)


class Shuffling(nn.Module):
    """Cuts, merges, reorders, spreads and changes a map, as it is told."""

    def __init__(self, plan):
        super().__init__()
        self.plan, self.conv = plan, nn.Conv2d(2, 8, 1)

    def forward(self, x):
        x = self.conv(x)
        for what, how, order in self.plan:
            axis = how % x.ndim
            if what == "cut" and x.ndim < 6:
                n = x.shape
                x = x.reshape(*n[:axis], *cut(n[axis], 2), *n[axis + 1 :])
            elif what == "merge" and axis + 1 < x.ndim > 3:
                x = x.flatten(axis, axis + 1)
            elif what == "order":
                x = x.permute([i for i in order if i < x.ndim])
            elif what == "spread" and x.ndim < 6 and x.numel() < 2000:
                x = x.unsqueeze(axis).expand(*x.shape[:axis], 2, *x.shape[axis:])
            elif what == "copy":
                x = x.contiguous()
            elif what == "double":
                x = x + x.clone()
            elif what == "level":
                x = x.mean(axis, keepdim=True) + x
            elif what == "scale":
                x = x * torch.arange(1.0, x.shape[-1] + 1)
            elif what == "slice" and x.shape[axis] > 2:
                x = x.narrow(axis, 1, x.shape[axis] - 1)
        return F.relu(x.reshape(1, 1, 1, -1))


SPLITTING = ("cut", "merge", "order") * 2  # drawn twice as often as the others
STEPS = (*SPLITTING, "spread", "copy", "double", "level", "scale", "slice")
PLANS = st.lists(
    st.tuples(st.sampled_from(STEPS), st.integers(0, 5), st.permutations(range(6))), max_size=10
)


@settings(max_examples=60)
@given(PLANS)
def test_what_is_surely_no_larger_is_not_larger(plan):
    quick, told = Origins.surely_as_large, []

    def checked(self, tensor):
        sure = quick(self, tensor)
        Origins.surely_as_large = lambda *_: False
        try:
            told.append((sure, read_enlarged(tensor, self)))
        finally:
            Origins.surely_as_large = checked
        return sure

    Origins.surely_as_large = checked
    try:
        discover(Shuffling(plan), torch.rand(1, 2, 4, 6))
    finally:
        Origins.surely_as_large = quick
    assert not [found for sure, found in told if sure and found is not None]


def test_a_cut_is_told_at_once_and_an_axis_of_two_meanings_is_not():
    """Else the long reading would be asked for everything, and nothing be gained."""
    example = torch.rand(1, 8, 4, 6)
    origins = Origins(example)
    assert origins.surely_as_large(example.view(1, 2, 4, 24))
    assert origins.surely_as_large(example.permute(0, 2, 3, 1))
    assert not origins.surely_as_large(example.view(1, 32, 6))
