"""``random:latent?shape=512,4,4&n=16&seed=0``: reproducible random inputs."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from spectra.inputs._arrays import Stack, open_stack
from spectra.inputs._inputs import Inputs
from spectra.inputs._prepare import Preparation
from spectra.inputs._random_spec import RandomSpec


def open_random(spec: RandomSpec, how: Preparation) -> Inputs:
    """Return the random samples that ``spec`` describes, the same at each reading.

    At most ``how.num`` of its samples are used. Uniform samples fill the range asked for; by
    default 0..1 for images, -1..1 for latents.
    """
    seed = how.seed if spec.seed is None else spec.seed
    low, high = how.range or ((0.0, 1.0) if spec.kind == "image" else (-1.0, 1.0))

    def rows() -> Iterator[Tensor]:
        generator = torch.Generator().manual_seed(seed)
        for _ in range(spec.count):
            if spec.dist == "normal":
                yield torch.randn(spec.shape, generator=generator)
            else:
                yield low + (high - low) * torch.rand(spec.shape, generator=generator)

    law = "normal" if spec.dist == "normal" else f"uniform in {low:g}..{high:g}"
    note = f"noise, {law}, one sample is {spec.shape}, seed {seed}"
    return open_stack(
        Stack(spec.count, shape=spec.shape, dtype="float32", rows=rows, notes=(note,)),
        spec.source,
        replace(how, range=(low, high) if spec.dist == "uniform" else None),
        kind="latent" if spec.kind == "latent" else "images",
    )
