"""What the census builds: one entry a decoder, and which of them are held apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any, Literal

import torch
from torch import Tensor, nn

from census.count import Count, Site

OUTSIDE = "(call)"
"""Stands for the call around the model, where a method other than ``forward`` runs."""

Part = Literal["developed", "held", "all"]


def call(model: Any, x: Tensor) -> object:
    """Call a model on its only input."""
    return model(x)


@dataclass(frozen=True)
class Decoder:
    """One decoder of a library, or one encoder that must report nothing.

    Attributes
    ----------
    name : str
        ``library:name``.
    build : callable
        Returns the module with random weights; imports the library as late as that.
    shape : tuple of int
        Of one input, sample axis included.
    run : callable
        ``run(module, input)`` makes the one forward pass of the census.
    rearranged : mapping of (module path, kind) to count
        Steps made of views, permutations and copies, read off the model's source.
    dismissed : tuple of str
        Modules whose ``grid_sample`` looks up points instead of making a map: attention to
        sampled positions, correlation volumes.
    why : str
        The lines of the source that ``rearranged`` and ``dismissed`` rest on.
    tokens : int or None
        The input holds whole numbers below this.
    encoder : bool
        Nothing in it depends on its input and grows.
    timed : Decoder or None
        The same as wide as the library makes it, where this one takes no larger input and is
        done too soon for its time to tell anything.
    """

    name: str
    build: Callable[[], nn.Module]
    shape: tuple[int, ...]
    run: Callable[[Any, Tensor], object] = call
    rearranged: Mapping[tuple[str, str], int] = field(default_factory=dict)
    dismissed: tuple[str, ...] = ()
    why: str = ""
    tokens: int | None = None
    encoder: bool = False
    timed: Decoder | None = None

    def module(self, *, seed: int = 0) -> nn.Module:
        """Return the decoder, ready to be called on one tensor, with no weight left at zero."""
        torch.manual_seed(seed)
        return Adapter(enlivened(self.build()), self.run).eval()

    def example(self, *, seed: int) -> Tensor:
        """Return one input."""
        generator = torch.Generator().manual_seed(seed)
        if self.tokens is not None:
            return torch.randint(1, self.tokens, self.shape, generator=generator)
        return torch.rand(self.shape, generator=generator)

    def expected(self, counted: Count) -> Counter[Site]:
        """Return the steps that should be found, under the module paths of :meth:`module`.

        Those counted, without what looks points up, and with what stands here by hand.
        """
        looked_up = [_adapted(path) for path in self.dismissed]
        steps = {
            site: times
            for site, times in counted.steps.items()
            if site.kind != "grid_sample" or not any(fnmatch(site.module, p) for p in looked_up)
        }
        by_hand = {Site(_adapted(path), kind): n for (path, kind), n in self.rearranged.items()}
        return Counter(steps) + Counter(by_hand)


class Adapter(nn.Module):
    """A decoder that takes one tensor; module paths are those of ``model``, behind its name."""

    def __init__(self, model: nn.Module, run: Callable[[Any, Tensor], object]) -> None:
        super().__init__()
        self.model = model
        self.run = run

    def forward(self, x: Tensor) -> object:
        return self.run(self.model, x)


def _adapted(path: str) -> str:
    """Return a module path of the library as one of the adapter."""
    return "" if path == OUTSIDE else f"model.{path}".rstrip(".")


def enlivened(model: nn.Module) -> nn.Module:
    """Fill the weights and codebooks that a library leaves at zero, which would cut maps off."""
    books = [buffer for buffer in model.buffers() if buffer.ndim > 1]
    with torch.no_grad():
        for weight in [*model.parameters(), *books]:
            if weight.is_floating_point() and weight.numel() > 1 and not weight.any():
                weight.normal_(std=0.02)
    return model


def part(decoders: Iterable[Decoder], which: Part) -> list[Decoder]:
    """Return the decoders of a part, by name: every third one is held apart."""
    ordered = sorted(decoders, key=lambda decoder: decoder.name)
    if which == "all":
        return ordered
    return [d for i, d in enumerate(ordered) if (i % 3 == 2) == (which == "held")]


def everything() -> list[Decoder]:
    """Return all decoders of the census."""
    from census import (
        from_diffusers,
        from_monai,
        from_smp,
        from_spandrel,
        from_timm,
        from_torchvision,
        from_transformers,
    )

    libraries = (
        from_diffusers,
        from_monai,
        from_smp,
        from_spandrel,
        from_timm,
        from_torchvision,
        from_transformers,
    )
    return [decoder for library in libraries for decoder in library.DECODERS]
