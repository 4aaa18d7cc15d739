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

    def rows(first: int = 0) -> Iterator[Tensor]:
        generator = torch.Generator().manual_seed(seed)
        draw = torch.randn if spec.dist == "normal" else torch.rand
        for number in range(spec.count):  # each is drawn: the next one depends on it
            drawn = draw(spec.shape, generator=generator)
            if number >= first:
                yield drawn if spec.dist == "normal" else low + (high - low) * drawn

    law = "normal" if spec.dist == "normal" else f"uniform in {low:g}..{high:g}"
    note = f"noise, {law}, one sample is {spec.shape}, seed {seed}"
    return open_stack(
        Stack(spec.count, shape=spec.shape, dtype="float32", rows=rows, notes=(note,)),
        spec.source,
        replace(how, range=(low, high) if spec.dist == "uniform" else None),
        kind="latent" if spec.kind == "latent" else "images",
    )
