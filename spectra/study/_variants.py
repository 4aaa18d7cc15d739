"""The networks of the study: what is trained on what, and what alone differs between two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any

import torch
from torch import nn

from spectra.data import restoration_photographs
from spectra.data._textures import TEXTURES
from spectra.errors import ParameterError
from spectra.models import NAFNet, restormer_small, sttr_small, unet_small, vit_dpt_small
from spectra.remedy._lctc import Init
from spectra.study._task import Task, disparity, restoration, segmentation
from spectra.study._tiles import tiled
from spectra.study._training import Training

BASELINE = "shuffle1"
BUDGET = "eps=8/255,alpha=0.01"
STEPS = (5, 10, 20)  # of iterated attacks, as in the paper
FGSM = "fgsm:eps=8/255"
TILE, TILES = 96, 8  # pixels a side, and how many of each test photograph


@dataclass(frozen=True)
class Variant:
    """One way to upsample in a network.

    Attributes
    ----------
    label : str
        For tables.
    upsampler : str or callable
        As the networks of `spectra.models` take it.
    grouped : bool or None
        Whether kernels are grouped.
    start : {"default", "sinc", "icnr"}
        Start of transposed kernels.
    options : mapping
        What else the network is built with.
    adversarial : str, optional
        Attack on half of each batch in training.
    """

    label: str
    upsampler: str | Callable[[int, int, int], nn.Module]
    grouped: bool | None = None
    start: Init = "default"
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    adversarial: str | None = None


@dataclass(frozen=True)
class Network:
    """A network that is trained with one upsampler or another.

    Attributes
    ----------
    make : callable
        Takes ``upsampler``, ``grouped``, ``start`` and a variant's options; returns the network.
    task : callable
        Returns what it is trained for.
    training : Training
        How, but for seed and attack.
    attacks : tuple of str
        The iterated attacks it is tested with, each with 5, 10 and 20 steps; FGSM comes first.
    seeds : int
        Networks of each variant.
    variants : mapping of str to Variant
    """

    make: Callable[..., nn.Module]
    task: Callable[[], Task]
    training: Training
    attacks: tuple[str, ...]
    seeds: int
    variants: Mapping[str, Variant]

    def specs(self) -> tuple[str, ...]:
        """Return all attacks, as texts without the loss, which is the task's own."""
        many = [f"{name}:{BUDGET},steps={n}" for name in self.attacks for n in STEPS]
        return (FGSM, *many)


def shuffled(size: int) -> Callable[[int, int, int], nn.Module]:
    """Return what makes a pixel shuffle behind a convolution of torch's own start.

    `spectra.remedy.make_layer` would start all phases alike (ICNR), which no published network
    of the paper does.
    """

    def make(inputs: int, outputs: int, factor: int) -> nn.Module:
        conv = nn.Conv2d(inputs, outputs * factor**2, size, padding=size // 2, bias=False)
        return nn.Sequential(conv, nn.PixelShuffle(factor))

    return make


# one set of weights for each: torch's own start, dense kernels
FOUR = MappingProxyType(
    {
        "shuffle1": Variant("pixel shuffle 1x1", shuffled(1)),
        "tc3": Variant("transposed 3x3", "tc3", grouped=False),
        "lctc7": Variant("LCTC 7+3", "lctc7+3", grouped=False),
        "lctc11": Variant("LCTC 11+3", "lctc11+3", grouped=False),
    }
)
MAIN = MappingProxyType(
    {
        **FOUR,
        "shuffle3": Variant("pixel shuffle 3x3", shuffled(3)),
        "block11": Variant(
            "transposed 3x3, blocks of 11+3",
            "tc3",
            grouped=False,
            options=MappingProxyType({"decoder_kernel": 11}),
        ),
    }
)
GROUPED = MappingProxyType(
    {
        "shuffle1": Variant("pixel shuffle 1x1, grouped", "published", grouped=True),
        **{
            name: replace(FOUR[name], label=f"{FOUR[name].label}, grouped", grouped=True)
            for name in ("tc3", "lctc7", "lctc11")
        },
    }
)
STARTED = MappingProxyType(
    {
        # the shuffle has no sinc: nearest interpolation is the smoothest start it can have
        "shuffle1": Variant("pixel shuffle 1x1, from ICNR", "shuffle1", grouped=False),
        **{
            name: replace(FOUR[name], label=f"{FOUR[name].label}, from sinc", start="sinc")
            for name in ("tc3", "lctc7", "lctc11")
        },
    }
)
# width at which a NAFNet has the parameters that it has at width 8 with LCTC 11+3
EQUAL_WIDTHS = MappingProxyType({"shuffle1": 19, "tc3": 17, "lctc7": 11, "lctc11": 8})
EQUAL = MappingProxyType(
    {
        name: replace(
            FOUR[name],
            label=f"{FOUR[name].label}, equal parameters",
            options=MappingProxyType({"width": width}),
        )
        for name, width in EQUAL_WIDTHS.items()
    }
)
ADVERSARIAL = MappingProxyType(
    {
        name: replace(variant, label=f"{variant.label}, adversarial", adversarial=FGSM)
        for name, variant in FOUR.items()
    }
)


def nafnet(*, width: int = 8, **options: Any) -> NAFNet:
    """Return a NAFNet of two levels with one block each."""
    return NAFNet(width, encoder_blocks=(1, 1), decoder_blocks=(1, 1), **options)


def restored_tiles() -> Task:
    """Return the task of removing one fixed blur; tested on tiles of photographs not trained on."""
    return restoration(test=tiled(restoration_photographs("test"), side=TILE, each=TILES))


_RESTORED = Training(steps=400, batch=8, learning_rate=3e-3, evaluate_every=50)
_NAFNET = partial(Network, nafnet, restored_tiles, _RESTORED, attacks=("pgd", "cospgd"), seeds=3)
NETWORKS: Mapping[str, Network] = MappingProxyType(
    {
        "nafnet": replace(_NAFNET(variants=MAIN), seeds=10),
        "nafnet-grouped": _NAFNET(variants=GROUPED),
        "nafnet-sinc": _NAFNET(variants=STARTED),
        "nafnet-equal": _NAFNET(variants=EQUAL),
        "nafnet-adversarial": _NAFNET(variants=ADVERSARIAL),
        "restormer": Network(
            restormer_small,
            restored_tiles,
            replace(_RESTORED, steps=300, batch=4),
            attacks=("pgd", "cospgd"),
            seeds=3,
            variants=FOUR,
        ),
        "unet": Network(
            partial(unet_small, classes=len(TEXTURES)),
            segmentation,
            Training(steps=300, batch=8, learning_rate=3e-3, evaluate_every=50),
            attacks=("pgd", "segpgd", "cospgd"),
            seeds=3,
            variants=FOUR,
        ),
        "vit": Network(
            partial(vit_dpt_small, classes=len(TEXTURES)),
            segmentation,
            Training(steps=300, batch=8, learning_rate=1e-3, evaluate_every=50),
            attacks=("pgd", "segpgd", "cospgd"),
            seeds=3,
            variants=FOUR,
        ),
        "sttr": Network(
            sttr_small,
            disparity,
            Training(steps=300, batch=2, learning_rate=1e-3, evaluate_every=50),
            attacks=("pgd", "cospgd"),
            seeds=3,
            variants=FOUR,
        ),
    }
)


def network_of(name: str) -> Network:
    """Return a network of the study by name, else raise ParameterError."""
    if name not in NETWORKS:
        raise ParameterError(f"network={name!r}: expected one of {', '.join(NETWORKS)}")
    return NETWORKS[name]


def build(network: str, variant: str, seed: int) -> nn.Module:
    """Return an untrained network that differs from its twins in the upsampler alone.

    All weights that have one name and shape in the network with pixel shuffle are the same in
    every variant, to the bit; what a variant has for itself is drawn from the seed as well.

    Parameters
    ----------
    network, variant : str
        Of `NETWORKS` and its variants.
    seed : int

    Raises
    ------
    ParameterError
        If there is no such network or variant.
    """
    found = network_of(network)
    if variant not in found.variants:
        expected = ", ".join(found.variants)
        raise ParameterError(f"variant={variant!r} of {network}: expected one of {expected}")
    made = _made(found, found.variants[variant], seed)
    common = _made(found, FOUR[BASELINE], seed).state_dict()
    with torch.no_grad():
        for name, value in made.state_dict().items():
            if name in common and common[name].shape == value.shape:
                value.copy_(common[name])
    return made


def _made(network: Network, variant: Variant, seed: int) -> nn.Module:
    options: dict[str, Any] = {**variant.options, "upsampler": variant.upsampler}
    if isinstance(variant.upsampler, str):
        options |= {"grouped": variant.grouped, "start": variant.start}
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        return network.make(**options)
