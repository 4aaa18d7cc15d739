"""The networks of the study: one decoder, drawn alike, in which only the upsampler differs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

import torch
from torch import nn

from spectra.demo._decoders import CHANNELS, Decoder
from spectra.remedy import LCTC, DecoderBlock

BASELINE = "shuffle"
BLOCK_TWIN = "block3"


@dataclass(frozen=True)
class Variant:
    """One way to upsample, twice in the network.

    Attributes
    ----------
    label : str
        For the tables.
    up : callable
        Channel count to the module that doubles height and width.
    block : callable, optional
        Channel count to what follows each upsampling, for the H2 control.
    """

    label: str
    up: Callable[[int], nn.Module]
    block: Callable[[int], nn.Module] | None = None

    def upsample(self, channels: int) -> nn.Sequential:
        """Return the upsampler, and the block behind it if there is one, under fixed names."""
        parts = OrderedDict(up=self.up(channels))
        if self.block is not None:
            parts["block"] = self.block(channels)
        return nn.Sequential(parts)


def _transposed(
    size: int, *, grouped: bool = False, small: int | None = None
) -> Callable[[int], nn.Module]:
    def build(channels: int) -> LCTC:
        return LCTC(channels, channels, size, small=small, groups=channels if grouped else 1)

    return build


def _shuffled(size: int) -> Callable[[int], nn.Module]:
    def build(channels: int) -> nn.Sequential:
        conv = nn.Conv2d(channels, 4 * channels, size, padding=size // 2)
        return nn.Sequential(conv, nn.PixelShuffle(2))

    return build


VARIANTS = {
    "shuffle": Variant("shuffle 1x1", _shuffled(1)),
    "shuffle3": Variant("shuffle 3x3", _shuffled(3)),
    "tc2": Variant("2x2", _transposed(2)),
    "tc3": Variant("3x3", _transposed(3)),
    "lctc7": Variant("LCTC 7+3", _transposed(7, small=3)),
    "lctc11": Variant("LCTC 11+3", _transposed(11, small=3)),
    "tc2g": Variant("2x2, grouped", _transposed(2, grouped=True)),
    "tc3g": Variant("3x3, grouped", _transposed(3, grouped=True)),
    "lctc7g": Variant("LCTC 7+3, grouped", _transposed(7, small=3, grouped=True)),
    "lctc11g": Variant("LCTC 11+3, grouped", _transposed(11, small=3, grouped=True)),
    "block3": Variant("3x3 + block 3", _transposed(3), lambda c: DecoderBlock("e", c, c, 3)),
    "block11": Variant("3x3 + block 11+3", _transposed(3), lambda c: DecoderBlock("f", c, c, 11)),
}


def build(name: str, seed: int, *, channels: int = CHANNELS) -> Decoder:
    """Return an untrained network whose weights follow from the seed, layer by layer.

    Each layer is drawn from a seed of its own, made of ``seed`` and the layer's name, so that
    layers which two variants share start equal to the bit, whatever else the network has.

    Parameters
    ----------
    name : str
        Of `VARIANTS`.
    seed : int
    channels : int

    Returns
    -------
    Decoder
        In training mode.
    """
    with torch.random.fork_rng(devices=()):
        network = Decoder(VARIANTS[name].upsample, channels=channels)
        for path, module in network.named_modules():
            if hasattr(module, "reset_parameters"):
                torch.manual_seed(crc32(f"{seed} {path}".encode()))
                module.reset_parameters()
    return network


def merged(network: Decoder) -> Decoder:
    """Return the network with the parallel kernels of each LCTC made one, in place."""
    for step in (network.up1, network.up2):
        if isinstance(step.up, LCTC):
            step.up = step.up.merge()
    return network
