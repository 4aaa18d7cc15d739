"""Maps with an artifact of known origin: what is found, and how true its energy is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.random import Generator

from benchmarks.calibration import networks
from benchmarks.calibration.cells import Cell, Maps
from benchmarks.calibration.clean import photo
from benchmarks.calibration.population import locked_share, torus_power
from benchmarks.calibration.trials import measured, planned
from benchmarks.calibration.upsampling import STEPS, Maker, Step, after, ideal, with_board
from spectra.signals import power_law_noise

CHANNELS = 4
WRAP = 16  # pixels at each border of a torus of pictures that are cut off
SIMULATED = 1024  # maps that stand for the population after layers that are not linear
TORUS = {1: 512, 2: 64, 3: 16}
KEPT = {1: 512, 2: 96, 3: 24}


def features(
    kind: str, depth: int, count: int, side: int, s: int, rng: Generator, part: str
) -> Maps:
    """Return feature maps of photographs through one step and ``depth`` random layers."""
    low = (side + 2 * WRAP) // s
    x = networks.standardised(photo(count, low, rng, part))
    x = networks.run(networks.layers(rng, 1, 8, first=1), x)
    y = ideal(x, s) if kind == "ideal" else STEPS[kind](rng, s, 2, 8)(x)
    y = networks.run(networks.layers(rng, depth, 8), y)
    return y[..., WRAP : WRAP + side, WRAP : WRAP + side]


@dataclass(frozen=True)
class World:
    """Gaussian maps through one linear step, whose locked energy is known.

    Attributes
    ----------
    made : callable
        A step from a generator, its factor, the number of axes and of channels.
    s, d, count : int
        Factor, axes, maps.
    field : {"1/f", "white"}
    gain, mean, levels : float
        Strength of the noise; mean level of all maps, and the variance of each map's own.
    content : callable, optional
        What all inputs share, from the sides of the torus.
    periods : tuple of int
        At which the maps are scored; the factor by default.
    torus : int, optional
        Side of the input.
    """

    made: Maker
    s: int
    d: int
    count: int
    field: str = "1/f"
    gain: float = 1.0
    mean: float = 0.0
    levels: float = 0.0
    content: Callable[[tuple[int, ...]], Maps] | None = None
    periods: tuple[int, ...] = ()
    torus: int | None = None

    def draw(self, rng: Generator, part: str) -> tuple[Maps, float]:
        """Return maps, and the locked share of their population."""
        del part  # random numbers alone
        step = self.made(rng, self.s, self.d, CHANNELS)
        side = self.torus or TORUS[self.d]
        sides = (side,) * self.d
        x = self.gain * _gaussian(self.field, self.count, sides, rng)
        x = x + self.levels**0.5 * rng.normal(size=(*x.shape[:2], *[1] * self.d))
        shared = np.full((1, CHANNELS, *sides), self.mean)
        if self.content is not None:
            shared = shared + self.content(sides)
        kept = side * self.s if self.torus else min(KEPT[self.d], side * self.s)
        inside = (..., *(slice(kept),) * self.d)
        y, fixed = step(x + shared)[inside], step(shared)[inside]
        periods = tuple((s,) * self.d for s in self.periods or (self.s,))
        plan = planned(y.shape[1:], periods, self.count)
        power = torus_power(self.field, sides) * self.gain**2
        power[(0,) * self.d] += self.levels * power.size
        return y, locked_share(step, power, plan, fixed[0])


def layered(kind: str, depth: int, count: int, rng: Generator, part: str) -> tuple[Maps, float]:
    """Return Gaussian maps through one step and fixed random layers, and their simulated share."""
    return _through(kind, depth, part, count, rng), _simulated(kind, depth, part, count)


@cache
def _simulated(kind: str, depth: int, part: str, count: int) -> float:
    rng = np.random.default_rng([7, len(part), depth])
    maps = np.concatenate([_through(kind, depth, part, 64, rng) for _ in range(SIMULATED // 64)])
    views = planned(maps.shape[1:], ((2, 2),), count).views
    assert views == planned(maps.shape[1:], ((2, 2),), SIMULATED).views
    ratio = 10 ** ((measured(maps, (2, 2), 0).asr_dbc or -np.inf) / 10)
    return float(ratio / (1 + ratio))


def _through(kind: str, depth: int, part: str, count: int, rng: Generator) -> Maps:
    fixed = np.random.default_rng([len(part), depth, *kind.encode()])
    step, network = STEPS[kind](fixed, 2, 2, CHANNELS), networks.layers(fixed, depth, CHANNELS)
    y = step(_gaussian("1/f", count, (TORUS[2],) * 2, rng))
    return networks.run(network, y / y.std())[..., : KEPT[2], : KEPT[2]]


def _gaussian(field: str, count: int, sides: tuple[int, ...], rng: Generator) -> Maps:
    return power_law_noise(
        (count, CHANNELS, *sides),
        seed=int(rng.integers(2**63)),
        exponent=0.0 if field == "white" else 2.0,
        axes=len(sides),
    )


def found_cells() -> list[Cell]:
    """Return feature maps of every kind of step, with 0 to 3 layers after it."""
    kinds = (*STEPS, "ideal")
    core = [
        Cell(
            f"{kind}, {depth} layers", (2, 2), partial(features, kind, depth, 16, 64, 2), trials=60
        )
        for kind in kinds
        for depth in range(4)
    ]
    factors = [
        Cell(f"{kind} x{s}, 1 layer", (s, s), partial(features, kind, 1, 16, side, s), trials=40)
        for kind in ("nearest", "bilinear", "tconv4", "shuffle", "ideal")
        for s, side in ((3, 96), (4, 96), (8, 128))
    ]
    sizes = [
        Cell(
            f"{kind}, {count} x {side} px",
            (2, 2),
            partial(features, kind, 1, count, side, 2),
            trials=40,
        )
        for kind in ("nearest", "bicubic", "tconv3", "tconv7")
        for count, side in ((32, 16), (16, 32), (4, 64), (1, 128), (1, 256), (64, 64))
    ]
    return core + factors + sizes


def smooth(sides: tuple[int, ...]) -> Maps:
    """Return content like that of a position embedding."""
    g = np.linspace(-1, 1, sides[0])
    return 1 + 0.2 * np.sin(4 * g)[:, None] * np.cos(3 * g)


def rough(sides: tuple[int, ...]) -> Maps:
    """Return content like that of learned noise."""
    return np.random.default_rng(5).normal(size=(CHANNELS, *sides))


def quarters(corner: float) -> Maker:
    """Return a maker of 2x2 transposed convolutions whose phases differ in gain."""
    kernel = np.array([[1.0, corner], [corner, 1.0]])
    return lambda _rng, s, d, channels: Step(
        (s,) * d, np.einsum("oi,yx->oiyx", np.eye(channels), kernel)
    )


def board(kind: str) -> Maker:
    """Return a maker of steps with a checkerboard of a tenth of what they give."""
    return lambda rng, s, d, channels: with_board(STEPS[kind](rng, s, d, channels), 0.1)


def in_a_row(first: str, second: str) -> Maker:
    """Return a maker of two steps of 2 in a row."""
    return lambda rng, _s, d, channels: after(
        STEPS[second](rng, 2, d, channels), STEPS[first](rng, 2, d, channels)
    )


def _cell(name: str, world: World, trials: int = 40) -> Cell:
    longest, *also = [(s,) * world.d for s in sorted(world.periods or (world.s,), reverse=True)]
    return Cell(name, longest, world.draw, trials=trials, also=tuple(also))


def energy_cells() -> list[Cell]:
    """Return steps whose locked energy is known."""
    flat = [_cell(f"{kind}, 2-D x2", World(STEPS[kind], 2, 2, 32)) for kind in STEPS]
    means = [
        _cell(f"{kind}, 2-D x2, mean 1", World(STEPS[kind], 2, 2, 32, mean=1.0))
        for kind in ("tconv3", "tconv4", "tconv7", "trained4", "shuffle")
    ]
    counts = [
        _cell(f"{kind}, 2-D x2, {count} images", World(STEPS[kind], 2, 2, count))
        for kind in ("bilinear", "tconv4")
        for count in (16, 64)
    ]
    others = [
        _cell(
            f"{kind}, {d}-D x{s}",
            World(STEPS[kind], s, d, 32, field="white" if d == 3 else "1/f"),
            trials=20,
        )
        for kind in ("nearest", "bilinear", "tconv4", "shuffle")
        for s, d in ((3, 2), (4, 2), (2, 1), (4, 1), (2, 3))
    ]
    after_layers = [
        Cell(f"{kind}, then {depth} layers", (2, 2), partial(layered, kind, depth, 32), trials=40)
        for kind in ("bilinear", "tconv3", "tconv7", "shuffle")
        for depth in (1, 3)
    ]
    return flat + means + counts + others + after_layers + conserved_cells()


def conserved_cells() -> list[Cell]:
    """Return maps on which energy was once counted twice or missed."""
    varying = {"gain": 0.3, "mean": 1.0, "levels": 0.25}
    signs = {"gain": 0.3, "levels": 1.0}
    worlds = {
        **{
            f"varying means: {kind}, {count} images": World(STEPS[kind], 2, 2, count, **varying)
            for kind in ("tconv3", "shuffle")
            for count in (16, 64)
        },
        "varying means: tconv3, 1-D x4": World(STEPS["tconv3"], 4, 1, 32, **varying),
        "means of both signs: tconv3": World(STEPS["tconv3"], 2, 2, 32, **signs),
        "means of both signs: tconv4": World(STEPS["tconv4"], 2, 2, 32, **signs),
        "proportional to brightness, bilinear": World(board("bilinear"), 2, 2, 32, **varying),
        "proportional to brightness, both signs": World(board("bilinear"), 2, 2, 32, **signs),
        **{
            f"fixed content, {name} grid, {tiles}": World(
                quarters(corner), 2, 2, 32, field="white", gain=0.02, content=smooth, torus=torus
            )
            for name, corner in (("strong", 0.5), ("weak", 0.9))
            for tiles, torus in (("one tile", 48), ("four tiles", 96))
        },
        "fixed content, rough: nearest": World(
            STEPS["nearest"], 2, 2, 32, field="white", gain=0.5, content=rough
        ),
        "nested periods: nearest, nearest": World(
            in_a_row("nearest", "nearest"), 4, 2, 32, periods=(2, 4), torus=32
        ),
        "nested periods: tconv4, nearest": World(
            in_a_row("tconv4", "nearest"), 4, 2, 32, mean=0.5, periods=(2, 4), torus=32
        ),
        "nested periods: bilinear, tconv3": World(
            in_a_row("bilinear", "tconv3"), 4, 2, 32, mean=0.5, periods=(2, 4), torus=32
        ),
    }
    return [_cell(name, world) for name, world in worlds.items()]
