"""What an attack did to a model's output: how far it moved, and what of that is a grid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import repeat
from math import inf, log10
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from spectra import _walk as walk
from spectra import capture
from spectra.attack._shown import shown_pair
from spectra.gather import Place
from spectra.inputs import IGNORED
from spectra.spectrum import MapStatistics

if TYPE_CHECKING:
    import xarray as xr

    from spectra._options import Progress
    from spectra.attack._spec import AttackSpec
    from spectra.gather import Passed
    from spectra.inputs import Inputs, Targets


@dataclass(frozen=True, eq=False)
class Effect:
    """What an attack did to the outputs of all inputs.

    Attributes
    ----------
    change : Place
        Running sums of the change of the output, attacked minus clean.
    input_rms, input_largest : float
        Root mean square and largest change of a value of the inputs, in parts of their range, or
        in their own unit where that is unknown.
    change_dbc : float or None
        Power of the output's change over that of the clean output about the mean of each map.
    shown : Dataset
        The input whose output has most contrast, clean and attacked, and what the model makes of
        both, see `shown_pair`.
    psnr_to_clean_db : float or None
        PSNR of attacked against clean outputs, mean over inputs; None where the output's range is
        unknown, or nothing changed.
    psnr_clean_db, psnr_attacked_db : float or None
        PSNR of both against the targets.
    same_class : float or None
        Share of pixels whose likeliest class is as before; None unless the loss is of classes.
    right_clean, right_attacked : float or None
        Share of labelled pixels whose likeliest class is that of the target.
    """

    change: Place
    input_rms: float
    input_largest: float
    change_dbc: float | None
    shown: xr.Dataset
    psnr_to_clean_db: float | None = None
    psnr_clean_db: float | None = None
    psnr_attacked_db: float | None = None
    same_class: float | None = None
    right_clean: float | None = None
    right_attacked: float | None = None


def effect(
    model: nn.Module,
    passed: Passed,
    inputs: Inputs,
    attacked: Inputs,
    *,
    spec: AttackSpec,
    targets: Targets | None,
    limits: tuple[float, float] | None,
    batch: int,
    seed: int,
    progress: Progress,
) -> Effect:
    """Run clean and attacked inputs side by side and measure what differs.

    Parameters
    ----------
    model : Module
        Left as it came.
    passed : Passed
        What the clean inputs left; its output's plan is that of the change.
    inputs, attacked : Inputs
        Of the same number and order.
    spec : AttackSpec
        Tells whether the output is of classes.
    targets : Targets or None
    limits : tuple of float or None
        Black and white of the output, between which PSNR is measured; None where unknown.
    batch, seed : int
        Inputs at a time, and the seed of the model's random numbers in both passes.
    progress : callable
        Called with ("attacked against clean", done, total).
    """
    under_way = _Measured(passed, spec, limits)
    device, found, done = walk.device(model), passed.found, 0
    given: Iterable[Tensor | None] = targets.batches(batch) if targets else repeat(None)
    pairs = zip(inputs.batches(batch), attacked.batches(batch), given, strict=False)
    for clean, changed, target in pairs:
        outputs = []
        for x in (clean, changed):
            with capture.quiet(model, seed=seed):
                outputs.append(capture.forward(model, x.to(device).clone(), found=found))
        before, after = outputs
        maps = (x[:, : inputs.channels] for x in (clean, changed))  # of several things, the first
        under_way.add(*maps, before=before, after=after, target=target, first=done)
        done += len(clean)
        progress("attacked against clean", done, len(inputs))
    return under_way.finished(inputs)


class _Measured:
    """Sums over all inputs of what differs."""

    def __init__(
        self, passed: Passed, spec: AttackSpec, limits: tuple[float, float] | None
    ) -> None:
        self._change = MapStatistics(passed.output.plan)
        self._classes, self._limits = spec.loss == "cross_entropy", limits
        self._contrast = -1.0  # of the clean output that is shown
        self._inputs: list[tuple[float, float]] = []
        self._powers: list[tuple[float, float]] = []
        self._errors: dict[str, list[float]] = {}
        self._shares: dict[str, list[tuple[float, float]]] = {}
        self._shown: xr.Dataset | None = None

    def add(
        self,
        clean: Tensor,
        changed: Tensor,
        *,
        before: Tensor,
        after: Tensor,
        target: Tensor | None,
        first: int,
    ) -> None:
        """Add some inputs, clean and changed, what came out, and what should have."""
        count = len(clean)
        self._change.add(after - before, first=first, inputs=count)
        self._show(clean, changed, before=before, after=after)
        self._inputs += [(float(d.square().mean()), float(d.abs().max())) for d in changed - clean]
        old, new = (v.double().reshape(count, -1) for v in (before, after))
        maps = before.double().flatten(2)
        about = (maps - maps.mean(2, keepdim=True)).reshape(count, -1)
        self._powers += list(
            zip((new - old).square().mean(1).tolist(), about.square().mean(1).tolist(), strict=True)
        )
        if self._classes:
            self._add_classes(before.argmax(1), after.argmax(1), target)
        elif self._limits is not None:
            self._add_errors("to clean", new - old)
            if target is not None:
                wanted = target.to(old).reshape(count, -1)
                self._add_errors("clean", old - wanted)
                self._add_errors("attacked", new - wanted)

    def _show(self, clean: Tensor, changed: Tensor, *, before: Tensor, after: Tensor) -> None:
        """Keep the input whose output has most contrast so far."""
        each = before[: len(clean)].detach().double().flatten(1).var(1)
        contrast, one = each.nan_to_num().max(0)
        if float(contrast) > self._contrast:
            self._contrast, four = float(contrast), (clean, changed, before, after)
            self._shown = shown_pair(
                *(maps[one] for maps in four), classes=self._classes, limits=self._limits
            )

    def _add_errors(self, name: str, difference: Tensor) -> None:
        self._errors.setdefault(name, []).extend(difference.square().mean(1).tolist())

    def _add_classes(self, before: Tensor, after: Tensor, labels: Tensor | None) -> None:
        pairs = {"same": (before, after)}
        if labels is not None:
            labels = labels.to(before)
            pairs |= {"clean": (before, labels), "attacked": (after, labels)}
        known = torch.ones_like(before, dtype=torch.bool) if labels is None else labels != IGNORED
        for name, (ours, theirs) in pairs.items():
            agree = (ours == theirs) & known
            self._shares.setdefault(name, []).append((float(agree.sum()), float(known.sum())))

    def finished(self, inputs: Inputs) -> Effect:
        """Return what all inputs together show."""
        span = 1.0 if inputs.range is None else inputs.range[1] - inputs.range[0]
        squares, largest = zip(*self._inputs, strict=True)
        changes, powers = (sum(values) for values in zip(*self._powers, strict=True))
        assert self._shown is not None
        return Effect(
            Place(self._change.plan, self._change.to_dataset()),
            input_rms=(sum(squares) / len(squares)) ** 0.5 / span,
            input_largest=max(largest) / span,
            shown=self._shown,
            change_dbc=10 * log10(changes / powers) if changes > 0 < powers else None,
            psnr_to_clean_db=self._psnr("to clean"),
            psnr_clean_db=self._psnr("clean"),
            psnr_attacked_db=self._psnr("attacked"),
            same_class=self._share("same"),
            right_clean=self._share("clean"),
            right_attacked=self._share("attacked"),
        )

    def _psnr(self, name: str) -> float | None:
        """Return the mean of the pictures' PSNR, as the field does; None where one is infinite."""
        errors = self._errors.get(name, [])
        if not errors or self._limits is None:
            return None
        peak = self._limits[1] - self._limits[0]
        each = [10 * log10(peak**2 / e) if e > 0 else inf for e in errors]
        mean = sum(each) / len(each)
        return mean if mean < inf else None

    def _share(self, name: str) -> float | None:
        counts = self._shares.get(name, [])
        agreeing, known = (sum(v) for v in zip(*counts, strict=True)) if counts else (0.0, 0.0)
        return agreeing / known if known else None
