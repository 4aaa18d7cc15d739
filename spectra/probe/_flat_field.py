"""Show a model a constant picture: what has a pattern in its steps was born there."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, isfinite, lcm, log10

import torch
from torch import Tensor, nn

from spectra import _walk as walk
from spectra._names import place
from spectra.capture import Discovery, Step, discover, forward, quiet, stream
from spectra.errors import ModelError
from spectra.follow import LargestTensor
from spectra.probe._flat_lines import FlatLines
from spectra.probe._pattern import Locked, locked_power

# Smallest and largest side of the input that is tried, by its number of axes: a volume of 64 px
# holds as much as a picture of 512.
_SIDES = {1: (64, 1024), 2: (64, 1024), 3: (16, 128)}
_SETTLED_DB = 0.5
_REST = 0.01
_CLEAN_DBC = -100.0
_PERIODS = 8
_MEMORY = 4 * 2**30
# Tensors of the largest size that a pass may hold at once, by the axes of its input: a convolution
# of volumes may write out the 27 neighbours of each voxel.
_TENSORS = {1: 8, 2: 8, 3: 8 + 27}


@dataclass(frozen=True)
class FlatField:
    """Lines of every step and of the output; ``shown`` is the output itself, at ``size``."""

    steps: tuple[FlatLines, ...]
    output: FlatLines
    shown: Tensor | None = None
    size: int | None = None


def flat_field(
    model: nn.Module,
    discovery: Discovery,
    shape: Sequence[int],
    *,
    level: float | Tensor,
    period: tuple[int, ...] | None = None,
    least: int = 1,
) -> FlatField:
    """Measure the lines that a model makes out of a constant input.

    A constant has no spectrum but DC, so every line in the interior of a step's map is
    made by the step, or by those before it. Zero padding also makes structure, at the
    borders: the input is doubled until the interior no longer changes, or memory ends it.

    Parameters
    ----------
    model : torch.nn.Module
        Left as it came.
    discovery : Discovery
        What :func:`spectra.capture.discover` returned for it.
    shape : sequence of int
        ``(channel, *spatial)`` of an input that the model is known to take.
    level : float or Tensor of shape (C,)
        The constant, in the units of the model's input; a tensor gives one a channel.
    period : tuple of int, optional
        Period of the lines that are looked for in the output, in its pixels, per axis;
        period 1 counts all structure, and without a period the output has no row.
    least : int
        Side of the smallest input that is tried.

    Returns
    -------
    FlatField
        The step's period is its factor; a step without one, which has no lattice, is charged
        with all structure. A map has converged once its lines change by less
        than 0.5 dB from one size to the next, stand 20 dB above what is not periodic, or
        lie below -100 dBc.

    Raises
    ------
    ModelError
        If the model fails at the given shape too.

    Notes
    -----
    For one transposed convolution of kernel h, bias b and stride s under the constant m,
    line k has the amplitude ``|m H(k/s)| / |m H(0) + s^d b|`` relative to the level: a ones
    kernel of odd size K and stride 2 leaves -20 log10 K dBc in one dimension.
    """
    grids = [step.factor or (1,) * (len(step.output_shape) - 1) for step in discovery.steps]
    grids.append(period or ())
    constant = torch.as_tensor(level, dtype=torch.float32).flatten().expand(shape[0])
    flat = _Flat(model, discovery, constant, grids)
    smallest, largest = _SIDES[min(max(len(shape) - 1, 1), 3)]
    smallest = max(smallest, least)
    end = flat.grow(tuple(shape[1:]), smallest, max(largest, 4 * smallest))
    rows = [flat.lines(i, end) for i in range(len(grids))]
    return FlatField(tuple(rows[:-1]), rows[-1], shown=flat.output, size=flat.size)


class _Flat:
    """A model under constants of growing size, and what each left in every map."""

    def __init__(
        self,
        model: nn.Module,
        discovery: Discovery,
        constant: Tensor,
        grids: Sequence[tuple[int, ...]],
    ) -> None:
        self._model = model
        self._discovery = discovery
        self._constant = constant
        self._grids = grids
        self._readings: list[list[Locked | None]] = []
        self.size: int | None = None
        self.output: Tensor | None = None
        self._largest: list[int] = []  # bytes of a tensor, at each size

    def grow(self, spatial: tuple[int, ...], start: int, limit: int) -> str:
        """Enlarge the input until all maps have converged; return why it went no further."""
        if max(spatial, default=1) == 1:
            self._read(spatial)
            return "the model has no spatial input to enlarge"
        unit = lcm(*self._discovery.total_stride)
        sides = [n for k in range(16) if (n := -(-start // unit) * unit * 2**k) <= limit]
        ladder = [(n,) * len(spatial) for n in sides]
        if not ladder or not self._accepts(ladder[0]):
            self._read(spatial)
            ladder = [tuple(n * 2**k for n in spatial) for k in range(16)]
        for size in ladder[1:]:
            if all(map(self._converged, range(len(self._grids)))):
                return "converged"
            if max(size) > limit:
                break
            if self._needed(len(size)) > _memory(self._model):
                return f"an input of {max(size)} {place(len(size))}s does not fit into memory"
            if not self._accepts(size):
                return f"the model does not run at {max(size)} {place(len(size))}s"
        return f"not settled at {self.size} {place(len(spatial))}s"

    def lines(self, row: int, end: str) -> FlatLines:
        """Return what is known of one map."""
        now = self._readings[-1][row]
        if not self._grids[row]:
            return FlatLines(None, self.size, converged=False, reason="no period")
        if now is None:
            reason = f"the map holds fewer than two periods: {end}"
            return FlatLines(None, self.size, converged=False, reason=reason)
        if not isfinite(now.level + now.line + now.rest):
            reason = "a constant input gives NaN or infinite values"
            return FlatLines(None, self.size, converged=True, reason=reason)
        if now.level <= now.eps**2 * (now.line + now.rest):
            return FlatLines(None, self.size, converged=True, reason="the mean level is zero")
        rounding = 20 * log10(8 * now.eps)
        if _dbc(now) < rounding:
            reason = "no line above rounding"
            return FlatLines(
                None, self.size, converged=True, reason=reason, line_upper_dbc=rounding
            )
        settled = self._converged(row)
        doubts = [
            "no lattice, so all structure counts" if max(self._grids[row]) == 1 else None,
            None if settled else end,
        ]
        doubt = "; ".join(filter(None, doubts))
        return FlatLines(_dbc(now), self.size, converged=settled, reason=doubt or None)

    def _converged(self, row: int) -> bool:
        """Whether another size would change nothing, or there is nothing to find."""
        if not self._grids[row]:
            return True
        now = self._readings[-1][row]
        if now is None or now.periods < _PERIODS:
            return False
        if not isfinite(now.level + now.line + now.rest):
            return True
        before = self._readings[-2][row] if len(self._readings) > 1 else None
        settled = before is not None and abs(_dbc(now) - _dbc(before)) < _SETTLED_DB
        return settled or now.rest < _REST * now.line or _dbc(now) < _CLEAN_DBC

    def _needed(self, axes: int) -> float:
        """Return how many bytes a pass may take at twice the size.

        The largest tensor grows with the pixels at least; with their square, as it did before,
        where all are compared with all.
        """
        now, before = self._largest[-1], self._largest[-2:][0]
        return float(now * max(now / max(before, 1), 2**axes) * _TENSORS.get(axes, 8))

    def _accepts(self, spatial: tuple[int, ...]) -> bool:
        try:
            self._read(spatial)
        except ModelError:
            return False
        return True

    def _read(self, spatial: tuple[int, ...]) -> None:
        """Run the model on a constant of one size and note what it left in every map."""
        level = self._constant.reshape(1, -1, *[1] * len(spatial))
        x = level.expand(1, -1, *spatial).contiguous()
        readings: list[Locked | None] = [None] * len(self._grids)

        def read(row: int, tensor: Tensor) -> None:
            grid = self._grids[row]
            if grid and len(grid) == tensor.ndim - 2:
                readings[row] = locked_power(tensor, grid)

        largest = LargestTensor()
        with quiet(self._model, seed=0), largest:
            output = self._run(x, read)
            read(len(self._grids) - 1, output)
        self.output = output
        self._largest.append(largest.bytes)
        self._readings.append(readings)
        self.size = max(spatial, default=None)

    def _run(self, x: Tensor, read: Callable[[int, Tensor], None]) -> Tensor:
        """Stream one forward; at another size a model may resize a table that it did not."""
        method = self._discovery.method
        try:
            with stream(self._model, self._discovery, read):
                return forward(self._model, x, found=self._discovery)
        except ModelError:
            output = self._discovery.outputs[self._discovery.output]
            again = discover(self._model, x, method=method, output=output).select(self._is_known)
            if len(again.steps) != len(self._discovery.steps):
                raise
            with stream(self._model, again, read):
                return forward(self._model, x, found=again)

    def _is_known(self, step: Step) -> bool:
        return _identity(step) in map(_identity, self._discovery.steps)


def _identity(step: Step) -> tuple[str, int, str, tuple[int, ...]]:
    return step.name, step.call, step.kind, step.factor


def _dbc(locked: Locked) -> float:
    """Return the lines' power over the level's, -inf where there is none."""
    if locked.line == 0 or locked.level == 0:
        return -inf
    return 10 * log10(locked.line / locked.level)


def _memory(model: nn.Module) -> float:
    """Return how many bytes a forward pass may take on the model's device."""
    device = walk.device(model)
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free / 2
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return _MEMORY
    return min(_MEMORY, free / 2)
