"""What a model of signals makes of a constant: nothing but lines, and which stage leaves which."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, lcm, log10
from typing import TYPE_CHECKING, Literal

import numpy as np

from spectra.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

LEAST_PERIODS = 16  # of the output, half of which lie far enough from its borders
MOST_PERIOD = 1 << 16  # samples: of longer grids no map holds as many periods
SETTLED_DB = 0.5
FULL_SCALE = 0.5  # power of a sine of amplitude 1
FLOOR_DBFS = -140.0  # rounding of a float32 waveform
_SILENCE = "silence"
_CONSTANT = "constant="


@dataclass(frozen=True)
class ConstantProbe:
    """A constant that a model is to be shown.

    Attributes
    ----------
    name : {"silence", "constant"}
        What was asked for.
    value : float
        The constant, in the units of the model's input: 0 for silence.
    """

    name: Literal["silence", "constant"]
    value: float

    def __str__(self) -> str:
        return _SILENCE if self.name == "silence" else f"a constant of {self.value:g}"


def parse_probe(text: str) -> ConstantProbe:
    """Return what ``silence`` or ``constant=-11.5`` asks for.

    Raises
    ------
    ParameterError
        If it is neither, or no finite number.

    Examples
    --------
    >>> print(parse_probe("constant=-11.5"), parse_probe("silence").value)
    a constant of -11.5 0.0
    """
    if text == _SILENCE:
        return ConstantProbe("silence", 0.0)
    try:
        value = float(text.removeprefix(_CONSTANT)) if text.startswith(_CONSTANT) else inf
    except ValueError:
        value = inf
    if not isfinite(value) or abs(value) > 1e30:
        raise ParameterError(
            f"probe={text!r} is no probe: expected silence, or constant=VALUE with the value that "
            "inputs have in silence, such as constant=-11.5 for log mels"
        )
    return ConstantProbe("constant", value)


@dataclass(frozen=True)
class StageLines:
    """The lines that are one stage's own in the output under a constant.

    Attributes
    ----------
    line_dbfs : float or None
        Power of all of them over that of a sine of amplitude 1; None where they lie below
        -140 dBFS, the rounding of a waveform.
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
    """

    probe: ConstantProbe
    period: int | None = None
    size: int | None = None
    rms_dbfs: float | None = None
    rest_dbfs: float | None = None
    steps: tuple[StageLines | None, ...] = ()
    reason: str | None = None
    output: NDArray[np.float32] | None = None


def common_period(periods: Sequence[tuple[int, ...] | None]) -> int | None:
    """Return the period of all stages of a model of signals together; None without any."""
    known = [period[0] for period in periods if period is not None and len(period) == 1]
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
    period = common_period(periods)
    if output is None or output.ndim != 3:
        return ConstantLines(probe, size=size, reason="the output is no signal along time")
    wave = output.detach().double().real.mean(0).cpu().numpy()
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
    rest = float(((middle - pattern[:, None]) ** 2).mean())
    return ConstantLines(
        probe,
        period=period,
        size=size,
        rms_dbfs=_dbfs(float(powers[1:].sum()) + rest),
        rest_dbfs=_dbfs(rest),
        steps=tuple(_stage(own, periods, period, powers, halves) for own in periods),
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


def own_lines(
    own: tuple[int, ...], periods: Sequence[tuple[int, ...] | None], period: int
) -> NDArray[np.int64]:
    """Return which lines k / period are a stage's own: on no shorter grid of another stage."""
    k = np.arange(period // own[0], period // 2 + 1, period // own[0])
    shorter = {p[0] for p in periods if p is not None and 1 < p[0] < own[0]}
    return k[np.all([k % (period // p) != 0 for p in shorter], axis=0)] if shorter else k


def _stage(
    own: tuple[int, ...] | None,
    periods: Sequence[tuple[int, ...] | None],
    period: int,
    powers: NDArray[np.float64],
    halves: Sequence[NDArray[np.float64]],
) -> StageLines | None:
    """Return the lines of one stage."""
    if own is None or own[0] < 2:
        return None
    k = own_lines(own, periods, period)
    total = _dbfs(float(powers[k].sum()))
    if not k.size or total is None:
        return StageLines(None, None, None, converged=True)
    first, second = (_dbfs(float(half[k].sum())) for half in halves)
    settled = None not in (first, second) and abs((first or 0) - (second or 0)) < SETTLED_DB
    strongest = int(k[np.argmax(powers[k])])
    return StageLines(total, _dbfs(float(powers[strongest])), strongest / period, converged=settled)


def _dbfs(power: float) -> float | None:
    """Return a power over that of a sine of full scale; None below the rounding of a waveform."""
    level = 10 * log10(power / FULL_SCALE) if power > 0 else -inf
    return level if level > FLOOR_DBFS else None
