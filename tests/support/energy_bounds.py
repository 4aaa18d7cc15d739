"""No step locks more power than lies above the base band of its maps: the bound, by plain FFTs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import signal
from torch import Tensor, nn

from spectra import capture
from spectra.report import Result
from spectra.score import Score

TOLERANCE_DB = 1.0  # a window leaks over the edge of the base band
FEW = 4  # maps that vary, of which no more do not make a channel
HIGHEST_DBC = 40.0  # to be believed without a bound


def energy_faults(model: nn.Module, inputs: Tensor, result: Result) -> Iterator[str]:
    """Yield each row that charges more power than is there, beyond its own error."""
    maps = _maps(model, inputs, result)
    rows = [("output", result.summary.output.score)]
    rows += [(f"steps/{i}", step.score) for i, step in enumerate(result.summary.steps)]
    for path, score in rows:
        low = _surely(score)
        if low is None:
            continue
        most = _most_dbc(maps.get(path, []), result.data[path].attrs)
        if most is None and low > HIGHEST_DBC:
            yield f"{path}: at least {low:.1f} dBc"
        elif most is not None and low > most + TOLERANCE_DB:
            yield f"{path}: at least {low:.1f} dBc, where {most:.1f} is above the base band"


def _surely(score: Score) -> float | None:
    """Return what a score charges for certain."""
    return score.asr_ci95_dbc[0] if score.asr_ci95_dbc else score.asr_dbc


def _maps(model: nn.Module, inputs: Tensor, result: Result) -> dict[str, list[Tensor]]:
    """Return the maps of every place, as the analysis saw them."""
    seen: dict[str, list[Tensor]] = {}
    with capture.quiet(model):
        found = capture.discover(model, inputs[:1])
        shapes = [step.output_shape for step in result.summary.steps]
        if [step.output_shape for step in found.steps] != shapes:
            return {}

        def take(index: int, maps: Tensor) -> None:
            seen.setdefault(f"steps/{index}", []).append(maps.detach().real.double())

        with capture.stream(model, found, take):
            for x in inputs.split(1):  # some models take no more at a time
                y = capture.forward(model, x, found=found)
                seen.setdefault("output", []).append(y.detach().double())
    return seen


def _most_dbc(maps: list[Tensor], attributes: Mapping[Any, Any]) -> float | None:
    """Return the power above the base band of the longest period, over all else, in dBc.

    Of the whole maps, their interior, and tiles of it, with a window and without: the largest; a
    mean over channels, as the score is.
    """
    plan = json.loads(attributes["plan"])
    if not maps or not plan["views"] or maps[0].shape[1:] != torch.Size(plan["shape"]):
        return None
    values = torch.cat(maps).numpy()[:, list(plan["channels"])]
    longest = np.max([view["period"] for view in plan["views"]], axis=0)
    inner = values[(..., *(slice(m, n - m) for m, n in _margins(plan)))]
    tiles = [_cut(inner, view["tile"]) for view in plan["views"]]
    seen = [_windowed(tile) for tile in tiles if tile.size]  # so the middle counts for more
    share = max(_share_above(x, longest) for x in (values, inner, *tiles, *seen))
    return None if share >= 1 - 1e-12 else float(10 * np.log10(share / (1 - share) + 1e-30))


def _margins(plan: Mapping[str, Any]) -> list[tuple[int, int]]:
    return list(zip(plan["margin"], plan["shape"][1:], strict=True))


def _cut(values: NDArray[np.float64], tile: list[int]) -> NDArray[np.float64]:
    """Return disjoint tiles as further samples."""
    axes = len(tile)
    for axis, side in zip(range(2, 2 + axes), tile, strict=True):
        whole = values.shape[axis] // side * side
        parts = np.split(np.take(values, range(whole), axis), max(whole // side, 1), axis)
        values = np.concatenate(parts, axis=0)
    return values


def _windowed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return maps without their mean under a Hann window."""
    axes = tuple(range(2, values.ndim))
    seen = values - values.mean(axes, keepdims=True)
    for axis in axes:
        side = values.shape[axis]
        window = signal.windows.hann(side, sym=False)
        seen = seen * window.reshape([side if a == axis else 1 for a in range(values.ndim)])
    return seen


def _share_above(values: NDArray[np.float64], period: NDArray[np.int64]) -> float:
    """Return the share of the power outside the base band, a mean over channels."""
    axes = tuple(range(2, values.ndim))
    if 0 in values.shape:
        return 0.0
    power = np.abs(np.fft.fftn(values - values.mean(axes, keepdims=True), axes=axes)) ** 2
    varying = (power.sum(axes) > 0).sum(0)
    power = power.sum(0)
    inside = np.ones(power.shape[1:], bool)
    for axis, (side, p) in enumerate(zip(power.shape[1:], period, strict=True)):
        if p > 1:
            band = np.abs(np.fft.fftfreq(side)) < 0.5 / p
            inside &= np.expand_dims(band, tuple(a for a in range(inside.ndim) if a != axis))
    total = power.reshape(len(power), -1).sum(1)
    above = power[:, ~inside].sum(1)
    live = (total > 0) & (varying > FEW)  # as the score does
    return float(np.mean(above[live] / total[live])) if live.any() else 0.0
