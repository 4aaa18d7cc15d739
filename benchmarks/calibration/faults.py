"""Faults of known size in photographs: how small a one is still found."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.random import Generator

from benchmarks.calibration.cells import Cell, Maps
from benchmarks.calibration.clean import photo
from benchmarks.calibration.upsampling import ideal, interpolation

LEVELS_DB = (-22, -26, -30, -34, -38, -42, -46, -50, -54, -58)
COUNTS = (1, 4, 16)


def one_phase(gain: float, offset: float, count: int, side: int, rng: Generator, part: str) -> Maps:
    """Return photographs put together from their 2x2 phases, one of which is off."""
    x = photo(count, side, rng, part).astype(np.float64)
    x[..., ::2, ::2] = x[..., ::2, ::2] * gain + offset
    return x


def line(level_db: float, count: int, side: int, rng: Generator, part: str) -> Maps:
    """Return photographs with a checkerboard at a level re their standard deviation."""
    x = photo(count, side, rng, part).astype(np.float64)
    sign = 1 - 2 * (np.indices((side, side)).sum(0) % 2)
    return x + 10 ** (level_db / 20) * x.std() * sign


def replica(kind: str, level_db: float, count: int, side: int, rng: Generator, part: str) -> Maps:
    """Return photographs with the replicas of an interpolator, scaled to a level."""
    x = photo(count, side, rng, part).astype(np.float64)
    low = x[..., ::2, ::2] - x.mean()
    wrong = interpolation(kind, 2, 2, 1)(low) - ideal(low, 2)
    wrong -= wrong.mean()
    return x + 10 ** (level_db / 20) * x.std() / wrong.std() * wrong


def fault_cells() -> list[Cell]:
    """Return restored detail, as it should be and with one phase off."""
    faults = {
        "none": (1.0, 0.0),
        "gain 0.5 %": (1.005, 0.0),
        "gain 1 %": (1.01, 0.0),
        "gain 5 %": (1.05, 0.0),
        "offset 0.5 levels": (1.0, 0.5),
        "offset 1 level": (1.0, 1.0),
    }
    sizes = ((8, 64), (16, 64), (32, 64), (1, 128), (4, 128), (16, 128))
    return [
        Cell(
            f"{name}, {count} x {side} px",
            (2, 2),
            partial(one_phase, *fault, count, side),
            trials=60,
        )
        for name, fault in faults.items()
        for count, side in sizes
    ]


def floor_cells() -> list[Cell]:
    """Return ever weaker lines and replicas in photographs of 128 pixels."""
    draws = {
        "line": line,
        "nearest replica": partial(replica, "nearest"),
        "bicubic replica": partial(replica, "bicubic"),
    }
    return [
        Cell(
            f"{name} {level} dB, {count} x 128 px",
            (2, 2),
            partial(draw, level, count, 128),
            trials=40,
        )
        for name, draw in draws.items()
        for count in COUNTS
        for level in LEVELS_DB
    ]
