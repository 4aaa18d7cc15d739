"""Take a step's grid-locked pattern away and see what the rest of the model makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from spectra import spectrum
from spectra.capture import Discovery, forward, quiet, stream
from spectra.errors import ParameterError
from spectra.probe._pattern import tile_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from spectra.gather import Passed
    from spectra.score import Scores

STRONGEST = 5  # steps whose pattern is taken away: those with the strongest lines


@dataclass(frozen=True)
class LineDrop:
    """How far the output's lines fall without the mean pattern of a step.

    Attributes
    ----------
    db : float
        In dB; below zero where they rise.
    is_bound : bool
        Whether the lines on one side are no more than rounding: they fall, or rise, by at least
        so much.
    """

    db: float
    is_bound: bool = False

    @classmethod
    def between(cls, before: float, after: float, rounding: float) -> LineDrop | None:
        """Return the drop from one power of lines to another; None where both are rounding.

        Parameters
        ----------
        before, after : float
            Power of the lines with the pattern and without it.
        rounding : float
            Power of lines that rounding alone may leave.

        Examples
        --------
        >>> LineDrop.between(1e-4, 1e-6, 1e-14)
        LineDrop(db=20.0, is_bound=False)
        >>> LineDrop.between(1e-4, 1e-17, 1e-14), LineDrop.between(1e-15, 0.0, 1e-14)
        (LineDrop(db=100.0, is_bound=True), None)
        """
        if max(before, after) <= rounding:
            return None
        db = 10 * np.log10(max(before, rounding) / max(after, rounding))
        return cls(float(db), is_bound=min(before, after) < rounding)


def line_drops(model: nn.Module, passed: Passed, scores: Scores) -> tuple[LineDrop | None, ...]:
    """Return how far the output's lines fall without the mean pattern of each step.

    Parameters
    ----------
    model : Module
        Left as it came.
    passed : Passed
        What the inputs left on their way through it.
    scores : Scores
        The scores of the run.

    Returns
    -------
    tuple of (LineDrop or None)
        One for each step. None where the step has no line, is not one of the five with the
        strongest, or the output shows no lattice of it or no line that is more than rounding.
    """
    lines = {
        index: step.own.line_dbc
        for index, step in enumerate(scores.steps)
        if step.own.verdict in ("present", "suspect") and step.own.line_dbc is not None
    }
    probed = sorted(lines, key=lines.__getitem__, reverse=True)[:STRONGEST]
    probe = _LineDrop(model, passed, scores)
    return tuple(probe.of(index) if index in probed else None for index in range(len(scores.steps)))


class _LineDrop:
    """How far the output's lines fall when a pattern is taken away from one step.

    The few inputs run one by one, with and without the pattern, from the same random numbers.
    The outputs of the measuring pass would not do to compare with: they were made in another batch,
    for which torch may choose another convolution, and from other draws.
    """

    def __init__(self, model: nn.Module, passed: Passed, scores: Scores) -> None:
        self._model, self._passed = model, passed
        self._measured = scores.measured["output"]

    def of(self, index: int) -> LineDrop | None:
        """Return the drop without one step's locked mean pattern."""
        found, measured = self._passed.found, self._measured
        period = found.scored_periods[index]
        if measured is None or period is None or self._passed.few is None:
            return None
        points = measured.lattice.frequency[measured.owned_by(period)]
        if not len(points):
            return None
        pattern = spectrum.grid_pattern(self._passed.steps[index].data)
        without = self._phases(
            lambda x: without_pattern(
                self._model, found, inputs=x, step_index=index, pattern=pattern
            )
        )
        whole, rounding = self._whole
        before, after = (line_power(phases, points) for phases in (whole, without))
        return LineDrop.between(before, after, rounding)

    @cached_property
    def _whole(self) -> tuple[NDArray[np.float64], float]:
        """Mean polyphase components of the output as it is, and the power that rounding has."""

        def run(x: Tensor) -> Tensor:
            with quiet(self._model, seed=0):
                return forward(self._model, x, found=self._passed.found)

        maps = self._maps(run)
        return _phase_means(maps, self._passed.output.plan.period), rounding_power(maps)

    def _phases(self, run: Callable[[Tensor], Tensor]) -> NDArray[np.float64]:
        """Return the mean polyphase components of what ``run`` makes of the few inputs."""
        return _phase_means(self._maps(run), self._passed.output.plan.period)

    def _maps(self, run: Callable[[Tensor], Tensor]) -> Tensor:
        """Return what ``run`` makes of the few inputs, one by one."""
        few = self._passed.few
        assert few is not None
        return torch.cat([run(one.clone()) for one in torch.split(few.inputs, 1)])


def rounding_power(maps: Tensor) -> float:
    """Return the power of a line that rounding alone may leave in some maps.

    One unit of their precision at their root mean square level: layers round in step with the
    grid where they compute its phases by other sums. In single precision 138 dB below the level.
    """
    level = float(maps.detach().double().square().mean())
    precision = maps.dtype if maps.is_floating_point() else torch.float32
    return level * torch.finfo(precision).eps ** 2


def line_power(phase_mean: NDArray[np.float64], frequency: NDArray[np.float64]) -> float:
    """Return the power of the lines in the mean pattern of a grid.

    Parameters
    ----------
    phase_mean : ndarray, shape (channel, *period)
        Mean of each polyphase component.
    frequency : ndarray, shape (point, axis)
        Lattice points, cycles/pixel; each also stands for its mirror image.
    """
    period = np.array(phase_mean.shape[1:])
    spectrum = np.abs(np.fft.fftn(phase_mean, axes=range(1, phase_mean.ndim), norm="forward")) ** 2
    power = 0.0
    for point in frequency:
        bins = {tuple(np.round(sign * point * period).astype(int) % period) for sign in (1, -1)}
        power += sum(float(spectrum[(slice(None), *b)].mean()) for b in bins)
    return power


def without_pattern(
    model: nn.Module,
    discovery: Discovery,
    inputs: Tensor,
    step_index: int,
    pattern: NDArray[np.floating] | Tensor,
) -> Tensor:
    """Return a model's output when a pattern is subtracted from one step's output.

    Parameters
    ----------
    model : torch.nn.Module
        Left as it came.
    discovery : Discovery
        What :func:`spectra.capture.discover` returned for it.
    inputs : Tensor, shape (B, C, *spatial)
        What the model runs on.
    step_index : int
        Index of the step in ``discovery.steps``.
    pattern : array, shape (channel, *factor)
        The step's mean over each grid phase less its mean over all phases, so that the
        level is left alone. Its first element belongs to the map's first pixel.

    Returns
    -------
    Tensor, shape (B, C, *spatial)

    Raises
    ------
    ParameterError
        If the step has no lattice, or the pattern does not fit it.
    """
    if not 0 <= step_index < len(discovery.steps):
        message = f"step_index={step_index!r} is no step: expected 0 ... {len(discovery.steps) - 1}"
        raise ParameterError(message)
    step = discovery.steps[step_index]
    expected = (step.output_shape[0], *step.factor)
    locked = torch.as_tensor(pattern)
    if not step.factor or tuple(locked.shape) != expected:
        message = (
            f"pattern has shape {tuple(locked.shape)}: expected (channel, *factor) = {expected}"
            if step.factor
            else f"step {step.label!r} has no lattice: {step.reason}"
        )
        raise ParameterError(message)

    def subtract(index: int, output: Tensor) -> Tensor | None:
        if index != step_index:
            return None
        return output - tile_pattern(locked.to(output), output.shape[2:])

    with quiet(model, seed=0), stream(model, discovery, subtract):
        return forward(model, inputs, found=discovery)


def _phase_means(maps: Tensor, period: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the mean polyphase components of a few maps."""
    sums = spectrum.MapStatistics(spectrum.plan_maps(maps.shape[1:], period, count=len(maps)))
    sums.add(maps, first=0, inputs=len(maps))
    means: NDArray[np.float64] = sums.to_dataset()["phase_mean"].to_numpy()
    return means
