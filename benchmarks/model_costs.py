"""What the paper's networks cost with each upsampling layer: ``python benchmarks/bench.py models``.

Multiply-adds are counted on the meta device, at the size of the published test inputs. Time and
memory are measured on one thread at smaller ones, each network in a process of its own.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from layers import peak_kib
from timing import Table, medians
from torch import nn

from spectra import models
from spectra.remedy._cost import _flops

UPSAMPLERS: dict[str, dict[str, Any]] = {
    "published": {},
    "tc2": {"upsampler": "tc2"},
    "tc3": {"upsampler": "tc3"},
    "lctc7+3": {"upsampler": "lctc7+3"},
    "lctc11+3": {"upsampler": "lctc11+3"},
    "lctc7+3, dense": {"upsampler": "lctc7+3", "grouped": False},
    "nearest+conv3": {"upsampler": "nearest+conv3"},
}
HEADER = ["network", "upsampler", "parameters", "multiply-adds", "CPU ms", "peak"]


@dataclass(frozen=True)
class Network:
    """A network, the published size of its input, and the size at which it is measured."""

    name: str
    published: tuple[int, int, int]
    measured: tuple[int, int, int]
    options: dict[str, Any] = field(default_factory=dict)

    def make(self, upsampler: str, device: str) -> nn.Module:
        """Return it with an upsampler, its weights at random."""
        torch.manual_seed(0)
        with torch.device(device):
            made: nn.Module = getattr(models, self.name)(**self.options, **UPSAMPLERS[upsampler])
        return made.eval()


GOPRO, CROP, SCENE = (3, 720, 1280), (3, 256, 256), (6, 540, 960)
SIDE, PAIR = (3, 128, 128), (6, 128, 128)
LARGE = (
    Network("nafnet_width32", GOPRO, SIDE),
    Network("restormer", GOPRO, SIDE),
    Network("unet_resnet50", CROP, SIDE),
    Network("unet_convnext_tiny", CROP, SIDE),
    Network("vit_dpt", CROP, SIDE),
    Network("sttr_light", SCENE, PAIR),
)
SMALL = (
    Network("nafnet_small", SIDE, SIDE),
    Network("restormer_small", SIDE, SIDE),
    Network("unet_small", SIDE, SIDE),
    Network("vit_dpt_small", SIDE, SIDE),
    Network("sttr_small", PAIR, PAIR),
)


def bench_models(table: Table, rounds: int) -> None:
    """Every network with every upsampler, the published sizes and the small ones."""
    for title, networks in (("Published sizes", LARGE), ("Small ones", SMALL)):
        sizes = ", ".join(f"{n.name} {_size(n.published)}" for n in networks)
        table.grid(
            f"{title}: multiply-adds of {sizes}; time and memory of 128x128, one thread",
            HEADER,
            (row for network in networks for row in _rows(network, rounds)),
        )


def _rows(network: Network, rounds: int) -> Iterator[list[str]]:
    for upsampler in UPSAMPLERS:
        bare = network.make(upsampler, "meta")
        example = torch.empty(1, *network.published, device="meta")
        operations = _flops(bare, example, "forward") / 2
        seconds, mib = _apart(network, upsampler, rounds)
        parameters = sum(p.numel() for p in bare.parameters())
        yield [
            network.name,
            upsampler,
            f"{parameters:,}",
            _giga(operations),
            f"{1e3 * seconds:.0f}",
            f"{mib:.0f} MiB",
        ]


def _apart(network: Network, upsampler: str, rounds: int) -> tuple[float, float]:
    """Return CPU seconds and the MiB beyond the weights of one forward pass (Linux).

    A fork has torch imported already, and memory of its own.
    """
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_measure, args=(network, upsampler, rounds, there))
    child.start()
    there.close()
    seconds, mib = here.recv()
    child.join()
    return seconds, mib


def _measure(network: Network, upsampler: str, rounds: int, answer: Connection) -> None:
    torch.set_num_threads(1)
    net, x = network.make(upsampler, "cpu"), torch.rand(1, *network.measured)
    with torch.inference_mode():
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak so far
        before = peak_kib()
        net(x)
        mib = (peak_kib() - before) / 1024
        took = medians({"forward": partial(net, x)}, rounds=rounds)
    answer.send((took["forward"], mib))


def _giga(count: float) -> str:
    return f"{count / 1e9:,.0f} G" if count >= 1e11 else f"{count / 1e9:.3g} G"


def _size(shape: tuple[int, int, int]) -> str:
    _, height, width = shape
    return f"{width}x{height}"
