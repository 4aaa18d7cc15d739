"""Statistics stay on the device of the maps: nothing is asked of it before all are added."""

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from spectra.spectrum import MapStatistics, _moments, _tested, _whole, plan_maps
from spectra.spectrum._azimuthal import annuli
from spectra.spectrum._figure import ring_means

SHAPES = [((3, 96, 96), [(2, 2), (4, 4)]), ((40, 64, 64), [(2, 2)]), ((2, 4000), [(4,)])]


ASKED = (
    "item",
    "tolist",
    "numpy",
    "cpu",
    "nonzero",
    "__bool__",
    "__int__",
    "__float__",
    "__index__",
)
ASKING = ("_local_scalar_dense", "nonzero", "masked_select", "_unique2", "equal")


class Unasked(TorchDispatchMode):
    """Raises where an operation needs a value of a tensor on the host."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        by_mask = name == "index" and any(i.dtype == torch.bool for i in args[1] if i is not None)
        assert name not in ASKING, f"{name} waits for the device"
        assert not by_mask, "a mask as an index waits for the device"
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("count", [4, 20])
@pytest.mark.parametrize(("shape", "periods"), SHAPES)
def test_adding_maps_asks_a_device_for_no_value(shape, periods, count, monkeypatch):
    def asked(*_, **__):
        raise AssertionError("a value is asked for")

    maps = torch.randn(12, *shape, generator=torch.Generator().manual_seed(0))
    maps[3, 0] = 1.0
    maps[4, 1].view(-1)[5] = torch.nan
    free, waiting = (
        MapStatistics(plan_maps(shape, *periods, count=count), whole=True) for _ in "ab"
    )
    waiting.update(maps, first=0)
    with monkeypatch.context() as patched, Unasked():
        for module in (_moments, _tested, _whole):  # as on another device than the CPU
            patched.setattr(module, "may_lack", lambda _: True)
        for name in ASKED:
            patched.setattr(torch.Tensor, name, asked)
        free.update(maps, first=0)
    for name, expected in waiting.sums.items():
        np.testing.assert_array_equal(free.sums[name], expected, err_msg=name)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize(("shape", "periods"), SHAPES)
def test_a_cuda_device_gives_the_sums_of_the_cpu(shape, periods):
    maps = torch.randn(20, *shape, generator=torch.Generator().manual_seed(0))
    maps[3, 0] = 1.0
    maps[4, 1].view(-1)[5] = torch.nan
    sums = []
    for device in ("cpu", "cuda"):
        statistics = MapStatistics(plan_maps(shape, *periods, count=20), whole=True)
        for first in range(0, 20, 5):
            statistics.update(maps[first : first + 5].to(device), first=first)
        sums.append(statistics.sums)
    for name, expected in sums[0].items():
        scale = np.abs(expected).max(initial=0) or 1.0
        np.testing.assert_allclose(sums[1][name] / scale, expected / scale, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("tile", [(64,), (32, 48), (16, 12, 20)])
def test_means_over_rings_are_those_of_the_index(tile):
    half = (*tile[:-1], tile[-1] // 2 + 1)
    powers = torch.rand(3, *half, generator=torch.Generator().manual_seed(0)).double()
    expected = annuli(tile).mean(powers.numpy())
    np.testing.assert_allclose(ring_means(powers, tile), expected, rtol=1e-12)
