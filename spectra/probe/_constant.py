"""What a model of signals makes of a constant: nothing but lines, and which stage leaves which."""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm, log10
from typing import TYPE_CHECKING

import numpy as np
import torch

from spectra._hertz import is_signal, time_period
from spectra.probe._constant_probe import ConstantProbe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

LEAST_PERIODS = 16  # of the output, half of which lie far enough from its borders
MOST_PERIOD = 1 << 16  # samples: of longer grids no map holds as many periods
SETTLED_DB = 0.5
FULL_SCALE = 0.5  # power of a sine of amplitude 1
ROUNDINGS = 8  # of the whole waveform, below which a line may be one
NO_SIGNAL = "the output is no signal along time; flat fields of steps are at that constant"


@dataclass(frozen=True)
class StageLines:
    """The lines that are one stage's own in the output under a constant.

    Attributes
    ----------
    line_dbfs : float or None
        Power of all of them over that of a sine of amplitude 1; None where they lie below the
        rounding of the waveform.
    strongest_dbfs : float or None
        Power of the strongest of them.
    strongest : float or None
        Where that lies, in cycles/sample.
    converged : bool
        Whether the two halves of the output's middle agree on them.
    """

    line_dbfs: float | None
    strongest_dbfs: float | None
    strongest: float | None
    converged: bool


@dataclass(frozen=True, eq=False)
class ConstantLines:
    """The output of a model under a constant, split into its lines.

    Attributes
    ----------
    probe : ConstantProbe
        The constant.
    period : int or None
        Period of the output in samples: under a constant nothing else is left far from borders.
    size : int or None
        Length of the input at which it was measured.
    rms_dbfs : float or None
        Power of the output's middle without its mean, over that of a sine of amplitude 1.
    rest_dbfs : float or None
        What of it has not that period: noise, or what borders leave.
    steps : tuple of (StageLines or None)
        One for each step; None where its period is not known.
    reason : str or None
        Why nothing is known.
    output : ndarray of float32, shape (time,), or None
        The output itself, its first channel.
    line_upper_dbfs : float or None
        What lines lie below that are not told, the rounding of the waveform.
    """

    probe: ConstantProbe
    period: int | None = None
    size: int | None = None
    rms_dbfs: float | None = None
    rest_dbfs: float | None = None
    steps: tuple[StageLines | None, ...] = ()
    reason: str | None = None
    output: NDArray[np.float32] | None = None
    line_upper_dbfs: float | None = None


def common_period(periods: Sequence[tuple[int, ...] | None]) -> int | None:
    """Return the period of all stages of a model of signals together; None without any."""
    known = list(filter(None, map(time_period, periods)))
    return lcm(*known) if known and lcm(*known) <= MOST_PERIOD else None


def constant_lines(
    probe: ConstantProbe,
    output: Tensor | None,
    periods: Sequence[tuple[int, ...] | None],
    *,
    size: int | None,
) -> ConstantLines:
    """Split the output under a constant into the lines of each stage.

    Far from the borders such an output repeats itself with the product of all factors: it is its
    Fourier series of that period. A line at k / period belongs to the last stage whose lattice
    holds it, for the earlier ones' grids pass through that one's filter.

    Parameters
    ----------
    probe : ConstantProbe
        The constant.
    output : Tensor of shape (1, C, time), or None
        What the model made of it; None where it did not run.
    periods : sequence of (tuple of int or None)
        Period of each step's grid in the output.
    size : int or None
        Length of the input.
    """
    known = list(map(time_period, periods))
    period = common_period(periods)
    if output is None or not is_signal(output.shape[1:]):
        return ConstantLines(probe, size=size, reason=NO_SIGNAL)
    wave = output.detach().double().real.mean(0).flatten(0, -2).cpu().numpy()
    shown = wave[0].astype(np.float32)
    if period is None:
        return ConstantLines(probe, size=size, reason="no period is known", output=shown)
    if not np.isfinite(wave).all():
        return ConstantLines(probe, period, size, reason="the output holds NaN or infinite values")
    count = wave.shape[-1] // period
    if count < LEAST_PERIODS:
        reason = f"the output holds {count} periods of {period} samples: expected {LEAST_PERIODS}"
        return ConstantLines(probe, period, size, reason=reason, output=shown)
    middle = _middle(wave, period, count)
    pattern = middle.mean(1)
    halves = [_line_powers(half.mean(1)) for half in np.array_split(middle, 2, axis=1)]
    powers = _line_powers(pattern)
    least = float((middle**2).mean()) * (ROUNDINGS * torch.finfo(output.dtype).eps) ** 2
    rest = float(((middle - pattern[:, None]) ** 2).mean())
    return ConstantLines(
        probe,
        period=period,
        size=size,
        rms_dbfs=_dbfs(float(powers[1:].sum()) + rest),
        rest_dbfs=_dbfs(rest),
        steps=tuple(
            _stage(own_lines(own, known, period), period, powers, halves, least=least)
            if own is not None and own > 1
            else None
            for own in known
        ),
        line_upper_dbfs=_dbfs(least),
        output=shown,
    )


def _middle(wave: NDArray[np.float64], period: int, count: int) -> NDArray[np.float64]:
    """Return the middle half of a signal by periods, shape (channel, periods, period)."""
    kept = count // 4 * 2
    start = (count - kept) // 2 * period
    return wave[:, start : start + kept * period].reshape(len(wave), kept, period)


def _line_powers(pattern: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the power of each line k / period of a pattern (channel, period), k up to a half."""
    spectrum = np.abs(np.fft.rfft(pattern, axis=-1) / pattern.shape[-1]) ** 2
    twice = np.full(spectrum.shape[-1], 2.0)
    twice[0] = 1.0
    if pattern.shape[-1] % 2 == 0:
        twice[-1] = 1.0
    powers: NDArray[np.float64] = (spectrum * twice).mean(0)
    return powers


def own_lines(own: int, periods: Sequence[int | None], period: int) -> NDArray[np.int64]:
    """Return which lines k / period are a stage's own: on no shorter grid of another stage."""
    k = np.arange(period // own, period // 2 + 1, period // own)
    shorter = {p for p in periods if p is not None and 1 < p < own}
    return k[np.all([k % (period // p) != 0 for p in shorter], axis=0)] if shorter else k


def _stage(
    k: NDArray[np.int64],
    period: int,
    powers: NDArray[np.float64],
    halves: Sequence[NDArray[np.float64]],
    *,
    least: float,
) -> StageLines:
    """Return the lines k / period of one stage, those above the power ``least``."""
    total = float(powers[k].sum())
    if not k.size or total <= least:
        return StageLines(None, None, None, converged=True)
    first, second = (_dbfs(float(half[k].sum())) for half in halves)
    settled = first is not None and second is not None and abs(first - second) < SETTLED_DB
    strongest = int(k[np.argmax(powers[k])])
    return StageLines(
        _dbfs(total), _dbfs(float(powers[strongest])), strongest / period, converged=settled
    )


def _dbfs(power: float) -> float | None:
    """Return a power over that of a sine of full scale; None where there is none."""
    return 10 * log10(power / FULL_SCALE) if power > 0 else None
