"""Origins say where elements come from, on their own: without any step, model or discovery."""

import re

import pytest
import torch
import torch.nn.functional as F
from torch.multiprocessing.reductions import StorageWeakRef

from spectra import follow
from spectra.follow import NOWHERE, Dispatched, LightMode, Origins, Taint, is_composite


class Follower(LightMode):
    """Follows the operations inside the block that depend on one tensor."""

    def __init__(self, example):
        super().__init__()
        self.taint, self.origins, self.calls = Taint(example), Origins(example), []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if is_composite(func):
            return self.in_parts(func, args, kwargs)
        call = Dispatched(func, args, kwargs, self.run(func, args, kwargs))
        if self.taint.follow(call):
            self.calls.append((call.name, self.origins.follow(call)))
        return call.result


def last_line(follower, tensor):
    """Return addresses and places along the last axis, None for what comes from no root."""
    line = follower.origins.lines(tensor)[-1]
    places = [None if place == NOWHERE else int(place) for place in line.at.place]
    return line.address.tolist(), places


def drawn():
    """Return the rows of addresses and of places that the drawing of an origin shows."""
    rows = re.findall(r"^ +(address|place)((?: +(?:\d+|-))+)", follow.__doc__, re.MULTILINE)
    read = [[None if word == "-" else int(word) for word in row.split()] for _, row in rows]
    return list(zip(read[::2], read[1::2], strict=True))


def test_the_drawing_of_an_origin_is_true():
    y = torch.rand(1, 1, 4)
    with torch.no_grad(), Follower(y) as follower:
        z = y.repeat_interleave(2, -1)
        w = F.pad(z, (1, 1))
        v = w.relu()
    assert [last_line(follower, tensor) for tensor in (y, z, w, v)] == drawn()
    assert len(drawn()) == 4


def test_a_view_is_its_storage_and_costs_nothing():
    x = torch.rand(2, 3, 4, 5)
    with torch.no_grad(), Follower(x) as follower:
        view = x.permute(0, 2, 3, 1)[:, 1:]
    address, place = last_line(follower, view)
    centre = 1 * 60 + (1 + 3 // 2) * 5 + 5 // 2  # of the first channel, counted row by row
    assert address == [1 + centre + channel * 20 for channel in range(3)]
    assert place == [(1 + 3 // 2) * 5 + 5 // 2] * 3
    assert {manner for _, manner in follower.calls} == {"move"}


@pytest.mark.parametrize(
    ("operation", "manner"),
    [
        (lambda x: x.clone(), "move"),
        (lambda x: x.flip(-1), "move"),
        (lambda x: x.exp(), "point"),
        (lambda x: x.softmax(-1), "point"),
        (lambda x: x.mean(1), "reduce"),
        (lambda x: F.conv2d(x, torch.ones(1, 3, 3, 3)), "mix"),
    ],
)
def test_an_operation_moves_computes_sums_or_mixes(operation, manner):
    x = torch.rand(1, 3, 4, 5)
    with torch.no_grad(), Follower(x) as follower:
        operation(x)
    assert follower.calls[-1][1] == manner


def test_what_is_written_into_a_slice_keeps_its_addresses():
    x, y = torch.rand(1, 1, 3), torch.zeros(1, 1, 6)
    with torch.no_grad(), Follower(x) as follower:
        y[..., ::2] = x
        x.zero_()
    assert last_line(follower, y) == ([1, 0, 2, 0, 3, 0], [0, None, 1, None, 2, None])


def test_no_map_of_the_pass_is_kept_for_the_sake_of_its_origin():
    x = torch.rand(1, 3, 4, 5)
    with torch.no_grad(), Follower(x) as follower:
        maps = [F.conv2d(x, torch.ones(3, 3, 1, 1))]
        for operation in (torch.exp, lambda y: y.flip(-1), lambda y: y.mT @ y, lambda y: y.sum(1)):
            maps.append(operation(maps[-1]))
        storages = [StorageWeakRef(y.untyped_storage()) for y in maps]
        last = maps.pop()
        maps.clear()
    assert [storage.expired() for storage in storages] == [True] * 4 + [False]
    assert follower.origins.lines(last) is not None


def test_a_call_knows_what_it_took_made_and_wrote():
    a, b = torch.zeros(2), torch.ones(2)
    call = Dispatched(torch.ops.aten.add_.Tensor, (a, b), {}, a)
    assert [t.data_ptr() for t in call.taken] == [a.data_ptr(), b.data_ptr()]
    assert [t.data_ptr() for t in call.written] == [a.data_ptr()]
    assert (call.name, call.is_mutable) == ("add_", True)
    assert set(call.given) == {"self", "other"}
    assert call.arguments["alpha"] == 1
    lists = Dispatched(torch.ops.aten.cat.default, ([a, b],), {"dim": 0}, torch.cat([a, b]))
    assert len(lists.taken) == 2
    assert len(lists.made) == 1
    assert lists.written == []
