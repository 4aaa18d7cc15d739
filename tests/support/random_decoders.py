"""Random decoders: chains and U-Nets of every kind of step, as data that prints and shrinks.

A `Recipe` names its blocks; `build` makes the module and `inputs_of` its inputs, the same each
time. Blocks keep the number of channels, so that any of them can follow any other. All maps are
tiny: what is looked for are failures, not numbers.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from support.blocks import BLOCKS, STEPS, C, Do, convolution

SIDES = {1: (32, 51, 96), 2: (10, 13, 16, 24), 3: (6, 7, 8)}
MOST_GROWTH = {1: 64, 2: 24, 3: 10}  # of a map over one of the input's sides and C channels
LEAST_SIDE = 3
COUNT = 16


@dataclass(frozen=True)
class Nest:
    """Blocks inside a block: ``residual``, ``unet``, ``twice`` or ``slices``."""

    kind: str
    blocks: tuple[Block, ...]


Block = str | Nest


@dataclass(frozen=True)
class Recipe:
    """A decoder as data.

    Attributes
    ----------
    axes : int
        Spatial axes of its input.
    sides : tuple of int
        Of its input.
    blocks : tuple of str or Nest
    returns : str
        How the output is handed back; one of `RETURNS`.
    inputs : str
        One of `INPUTS`.
    wrapped : str
        One of `WRAPPED`.
    seed : int
        Of weights and inputs.
    """

    axes: int
    sides: tuple[int, ...]
    blocks: tuple[Block, ...]
    returns: str = "map"
    inputs: str = "smooth"
    wrapped: str = "plain"
    seed: int = 0

    @property
    def upsamples(self) -> bool:
        """Whether there is a step among the blocks."""
        return any(name in STEPS for name in _names(self.blocks))


def draw(seed: int) -> Recipe:
    """Return a random recipe whose module runs; the same for the same seed."""
    rng = random.Random(seed)
    axes = rng.choices((1, 2, 3), (1, 4, 1))[0]
    recipe = Recipe(
        axes,
        tuple(rng.choice(SIDES[axes]) for _ in range(axes)),
        (),
        returns=rng.choice(tuple(RETURNS)) if rng.random() < 0.5 else "map",
        inputs=rng.choice(INPUTS) if rng.random() < 0.2 else "smooth",
        wrapped=rng.choice(WRAPPED) if rng.random() < 0.2 else "plain",
        seed=seed,
    )
    wanted = rng.randint(1, 5)
    while len(recipe.blocks) < wanted or not recipe.upsamples:
        longer = replace(recipe, blocks=(*recipe.blocks, _block(rng, axes, depth=0)))
        recipe = longer if runs(longer) else recipe
    return recipe


def runs(recipe: Recipe) -> bool:
    """Tell whether the bare module takes its inputs, and stays small."""
    model = build(recipe, bare=True)
    most = MOST_GROWTH[recipe.axes] * C * prod(recipe.sides)

    def refuse_large(_module: nn.Module, _args: object, y: Tensor) -> None:
        if y.numel() > most:
            raise ValueError(f"a map of {tuple(y.shape)} is too large for a test")

    for module in model.modules():  # so that a large map ends it, not the next one on it
        module.register_forward_hook(refuse_large)
    try:
        with torch.no_grad():
            y = model(inputs_of(recipe, count=1))
    except (RuntimeError, ValueError, IndexError):
        return False
    return min(y.shape[2:]) >= LEAST_SIDE and bool(y.isfinite().all())


def build(recipe: Recipe, *, bare: bool = False) -> nn.Module:
    """Return the module; ``bare`` without its way of returning and being wrapped."""
    torch.manual_seed(recipe.seed)
    body = _sequence(recipe.blocks, recipe.axes)
    first: nn.Module = convolution(recipe.axes, 3, C)
    if recipe.inputs == "latent":
        sides = recipe.sides
        # a convolution tells which axes are space: before it, a rearrangement could be anything
        first = nn.Sequential(
            nn.Linear(12, C * prod(sides)),
            nn.Unflatten(1, (C, *sides)),
            convolution(recipe.axes, C, C),
        )
    if bare:
        return nn.Sequential(first, body).eval()
    finish = RETURNS[recipe.returns]
    head = convolution(recipe.axes, C, 1 if "one channel" in recipe.returns else 3)
    model: nn.Module = Do(
        lambda self, x: finish(self.head(made := self.body(start := self.first(x))), made, start),
        first=first,
        body=body,
        head=head,
    )
    if recipe.wrapped == "shadowed":
        model.modules = [model.body]  # as some published code does
    if recipe.wrapped == "float64":
        model.double()
    return model.train(recipe.wrapped == "training")


def inputs_of(recipe: Recipe, count: int = COUNT) -> Tensor:
    """Return the inputs, (sample, channel, *spatial), or (sample, 12) of latents."""
    generator = torch.Generator().manual_seed(recipe.seed)
    if recipe.inputs == "latent":
        return torch.randn(count, 12, generator=generator)
    shape = (count, 3, *recipe.sides)
    noise = torch.rand(shape, generator=generator)
    if recipe.inputs == "noise":
        return noise
    if recipe.inputs == "one colour":
        return noise.flatten(2)[..., 0].view(count, 3, *[1] * recipe.axes).expand(shape).clone()
    mode = {1: "linear", 2: "bilinear", 3: "trilinear"}[recipe.axes]
    coarse = torch.rand(count, 3, *[4] * recipe.axes, generator=generator)
    return F.interpolate(coarse, recipe.sides, mode=mode, align_corners=True) + noise / 20


def smaller(recipe: Recipe) -> Iterator[Recipe]:
    """Yield recipes with one thing less, those that run."""
    for name, plain in (("wrapped", "plain"), ("returns", "map"), ("inputs", "smooth")):
        if getattr(recipe, name) != plain:
            yield replace(recipe, **{name: plain})
    for blocks in _with_one_less(recipe.blocks):
        less = replace(recipe, blocks=blocks)
        if less.upsamples and runs(less):
            yield less


def shrink(recipe: Recipe, fails: Callable[[Recipe], bool]) -> Recipe:
    """Return a recipe that fails still, with as little in it as taking away can reach."""
    for less in smaller(recipe):
        if fails(less):
            return shrink(less, fails)
    return recipe


# --- blocks ---------------------------------------------------------------------------------

NESTS = ("residual", "unet", "twice", "slices")


def _block(rng: random.Random, axes: int, *, depth: int) -> Block:
    """Draw a block: a step, another, or a nest of a few."""
    kind = rng.choices(("step", "other", "nest"), (4, 5, 2 if depth < 2 else 0))[0]
    if kind != "nest":
        names = [n for n in BLOCKS if axes in BLOCKS[n].axes and (n in STEPS) == (kind == "step")]
        return rng.choice(names)
    nest = rng.choice(NESTS if axes > 1 else NESTS[:-1])
    inner = axes - 1 if nest == "slices" else axes
    blocks = [_block(rng, inner, depth=depth + 1) for _ in range(rng.randint(1, 3))]
    return Nest(nest, tuple(blocks))


def _sequence(blocks: tuple[Block, ...], axes: int) -> nn.Module:
    modules = [
        BLOCKS[block].make(axes) if isinstance(block, str) else _nest(block, axes)
        for block in blocks
    ]
    return nn.Sequential(*modules)


def _nest(nest: Nest, axes: int) -> nn.Module:
    if nest.kind == "slices":
        return Do(_on_slices, inner=_sequence(nest.blocks, axes - 1))
    inner = _sequence(nest.blocks, axes)
    if nest.kind == "twice":
        return nn.Sequential(inner, nn.LeakyReLU(), inner)
    if nest.kind == "residual":
        return Do(lambda self, x: _fitted(x, y := self.inner(x)) + y, inner=inner)
    down = convolution(axes, C, C, stride=2)
    up = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}[axes]
    join = convolution(axes, 2 * C, C)
    return Do(_unet, down=down, inner=inner, up=up(C, C, 4, 2, 1), join=join)


def _unet(self: Any, x: Tensor) -> Tensor:
    """Run the blocks on a coarser map, enlarge it and join it with the fine one."""
    y = self.up(self.inner(self.down(x)))
    return self.join(torch.cat([_fitted(x, y), y], 1))


def _fitted(x: Tensor, like: Tensor) -> Tensor:
    """Return a map at the size of another: cropped by a few, else resized."""
    if all(0 <= n - m <= 2 for n, m in zip(x.shape[2:], like.shape[2:], strict=True)):
        return x[(..., *(slice(m) for m in like.shape[2:]))]
    return F.interpolate(x, like.shape[2:], mode="nearest")


def _on_slices(self: Any, x: Tensor) -> Tensor:
    """Run blocks on the slices of a map, which become samples, and back: frames of a video."""
    slices = x.transpose(1, 2).flatten(0, 1)
    y = self.inner(slices)
    return y.unflatten(0, (len(x), x.shape[2])).transpose(1, 2)


def _names(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, str):
            yield block
        else:
            yield from _names(block.blocks)
            if block.kind == "unet":
                yield "transposed 4/2"


def _with_one_less(blocks: tuple[Block, ...]) -> Iterator[tuple[Block, ...]]:
    for i, block in enumerate(blocks):
        yield blocks[:i] + blocks[i + 1 :]
        if isinstance(block, str):
            continue
        if block.kind != "slices":
            yield (*blocks[:i], *block.blocks, *blocks[i + 1 :])
        for inner in _with_one_less(block.blocks):
            yield (*blocks[:i], replace(block, blocks=inner), *blocks[i + 1 :])


# --- what comes back ------------------------------------------------------------------------


class Named(NamedTuple):
    """What a function returns under names."""

    sample: Tensor
    latent: Tensor


@dataclass
class Record:
    """The same as diffusers has it."""

    sample: Tensor
    loss: Tensor | None = None


Finish = Callable[[Tensor, Tensor, Tensor], object]

RETURNS: dict[str, Finish] = {
    "map": lambda y, made, start: y,
    "features": lambda y, made, start: made,
    "one channel": lambda y, made, start: y,
    "one channel, squeezed": lambda y, made, start: y.squeeze(1),
    "an axis more": lambda y, made, start: y[:, None],
    "channels last": lambda y, made, start: y.movedim(1, -1),
    "tokens": lambda y, made, start: y.flatten(2).transpose(1, 2),
    "flat": lambda y, made, start: y.flatten(1)[:, None],
    "tuple": lambda y, made, start: (y, start),
    "latent first": lambda y, made, start: (start, y),
    "dict": lambda y, made, start: {"latent": start, "sample": y},
    "named": lambda y, made, start: Named(y, start),
    "record": lambda y, made, start: Record(y),
    "scales": lambda y, made, start: [y, F.avg_pool2d(y, 2) if y.ndim == 4 else y[..., ::2]],
    "cropped": lambda y, made, start: y[..., 1:],
    "probabilities": lambda y, made, start: y.softmax(1),
}
INPUTS = ("smooth", "noise", "one colour", "latent")
WRAPPED = ("plain", "shadowed", "training", "float64")
