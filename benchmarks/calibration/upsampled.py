"""Maps with an artifact of known origin: what is found, and how true its energy is."""

from __future__ import annotations

from functools import cache, partial

import numpy as np
from numpy.random import Generator

from benchmarks.calibration import networks
from benchmarks.calibration.cells import Cell, Maps
from benchmarks.calibration.clean import photo
from benchmarks.calibration.population import locked_share, torus_power
from benchmarks.calibration.trials import measured, tile_side
from benchmarks.calibration.upsampling import STEPS, ideal
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


def linear(
    kind: str, s: int, d: int, count: int, mean: float, field: str, rng: Generator, part: str
) -> tuple[Maps, float]:
    """Return Gaussian maps through one step, and the locked share of their population."""
    del part  # random numbers alone
    step = STEPS[kind](rng, s, d, CHANNELS)
    sides = (TORUS[d],) * d
    x = _gaussian(field, count, sides, rng) + mean
    kept = min(KEPT[d], TORUS[d] * s)
    y = step(x)[(..., *(slice(kept),) * d)]
    tile = tile_side(y.shape[1:], step.factor, count)
    return y, locked_share(step, torus_power(field, sides), tile, mean=mean)


def layered(kind: str, depth: int, count: int, rng: Generator, part: str) -> tuple[Maps, float]:
    """Return Gaussian maps through one step and fixed random layers, and their simulated share."""
    return _through(kind, depth, part, count, rng), _simulated(kind, depth, part, count)


@cache
def _simulated(kind: str, depth: int, part: str, count: int) -> float:
    rng = np.random.default_rng([7, len(part), depth])
    maps = np.concatenate([_through(kind, depth, part, 64, rng) for _ in range(SIMULATED // 64)])
    tile = tile_side(maps.shape[1:], (2, 2), count)
    assert tile == tile_side(maps.shape[1:], (2, 2), SIMULATED)
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
        Cell(f"{kind}, {depth} layers", (2, 2), partial(features, kind, depth, 16, 64, 2),
             trials=60)
        for kind in kinds for depth in range(4)
    ]  # fmt: skip
    factors = [
        Cell(f"{kind} x{s}, 1 layer", (s, s), partial(features, kind, 1, 16, side, s), trials=40)
        for kind in ("nearest", "bilinear", "tconv4", "shuffle", "ideal")
        for s, side in ((3, 96), (4, 96), (8, 128))
    ]
    sizes = [
        Cell(f"{kind}, {count} x {side} px", (2, 2), partial(features, kind, 1, count, side, 2),
             trials=40)
        for kind in ("nearest", "bicubic", "tconv3", "tconv7")
        for count, side in ((32, 16), (16, 32), (4, 64), (1, 128), (1, 256), (64, 64))
    ]  # fmt: skip
    return core + factors + sizes


def energy_cells() -> list[Cell]:
    """Return steps whose locked energy is known."""
    flat = [
        Cell(f"{kind}, 2-D x2", (2, 2), partial(linear, kind, 2, 2, 32, 0.0, "1/f"), trials=40)
        for kind in STEPS
    ]
    means = [
        Cell(f"{kind}, 2-D x2, mean 1", (2, 2), partial(linear, kind, 2, 2, 32, 1.0, "1/f"),
             trials=40)
        for kind in ("tconv3", "tconv4", "tconv7", "trained4", "shuffle")
    ]  # fmt: skip
    counts = [
        Cell(f"{kind}, 2-D x2, {count} images", (2, 2),
             partial(linear, kind, 2, 2, count, 0.0, "1/f"), trials=40)
        for kind in ("bilinear", "tconv4") for count in (16, 64)
    ]  # fmt: skip
    others = [
        Cell(f"{kind}, {d}-D x{s}", (s,) * d,
             partial(linear, kind, s, d, 32, 0.0, "white" if d == 3 else "1/f"), trials=20)
        for kind in ("nearest", "bilinear", "tconv4", "shuffle")
        for s, d in ((3, 2), (4, 2), (2, 1), (4, 1), (2, 3))
    ]  # fmt: skip
    after = [
        Cell(f"{kind}, then {depth} layers", (2, 2), partial(layered, kind, depth, 32), trials=40)
        for kind in ("bilinear", "tconv3", "tconv7", "shuffle")
        for depth in (1, 3)
    ]
    return flat + means + counts + others + after
