"""The stages of a repair, each on what the ones before it left."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from spectra import capture, remedy, repair
from spectra._walk import unwrap
from spectra.errors import ConversionError, NothingToAnalyseError, ParameterError
from spectra.report import RepairReport
from spectra.run._reading import Read, read_output
from spectra.severity import shown_range

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spectra import load
    from spectra._options import Options, Progress
    from spectra.inputs import Inputs
    from spectra.repair import Cure

REMEDY = "lctc7"
BATCH = 8
WORDS = {"none": "its output shows no grid", "insufficient": "its output cannot be tested"}


@dataclass(frozen=True, eq=False)
class Work:
    """A repair under way: the model, its inputs on both sides, and its outputs."""

    model: nn.Module
    found: capture.Discovery
    steps: tuple[capture.Step, ...]
    pattern: str
    held_out: Inputs
    options: Options
    tell: Progress
    before: Read
    x: Tensor
    old: Tensor

    @classmethod
    def of(
        cls,
        model: nn.Module,
        learned: Inputs,
        held_out: Inputs,
        *,
        steps: str,
        unseen: bool,
        options: Options,
        tell: Progress,
    ) -> Work:
        """Look at a model; refuse one whose output shows no grid."""
        before = read_output(model, held_out, options, name="before", tell=tell)
        if (reason := _nothing(before, unseen)) is not None:
            raise NothingToAnalyseError(f"nothing to repair: {reason}")
        with capture.quiet(model):
            x = next(learned.batches(len(learned)))
        found = before.found
        old = outputs_of(model, found, x, options)
        _check_outputs(old, len(x))
        return cls(
            model,
            found=found,
            steps=tuple(capture.select_steps(found, steps)),
            pattern=steps,
            held_out=held_out,
            options=options,
            tell=tell,
            before=before,
            x=x,
            old=old,
        )

    @property
    def span(self) -> tuple[float, float]:
        """Black and white of the outputs, or the range of what is no picture."""
        return self.before.limits or shown_range(self.old.numpy(force=True))

    def fault(
        self,
        new: nn.Module,
        found: capture.Discovery,
        steps: Sequence[capture.Step],
        places: Tensor,
        *,
        plan: remedy.Plan | None,
    ) -> repair.Fault | None:
        """Return the step that makes a grid in some places."""
        return repair.find_fault(
            new,
            found,
            repair.find_layers(new, found, steps, x=self.x[:1], plan=plan),
            x=self.x,
            old=self.old,
            places=places,
            periods=self.before.periods,
            span=self.span,
            seed=self.options.seed,
        )

    def aim(
        self, find_fault: Callable[[Tensor], repair.Fault | None] | None = None
    ) -> tuple[repair.Aim, repair.Goal]:
        """Find out what the outputs should be, and of those that are learned from."""
        self.tell("aim", 0, 1)
        with capture.quiet(self.model, seed=self.options.seed):
            aim = repair.find_aim(
                self.old,
                self.x,
                self.before.periods,
                span=self.span,
                spin=self._spin(),
                find_fault=find_fault,
                seed=self.options.seed,
            )
            goal = aim.of(self.old, self.x, learned=True)
        self.tell("aim", 1, 1)
        return aim, goal

    def swapped(self, wanted: str | None) -> tuple[nn.Module, remedy.Plan | None]:
        """Return the model with steps that can be trained, and what was swapped for that."""
        own = [step for step in self.steps if repair.has_weights(self.model, step)]
        if wanted is None and own:
            return self.model, None
        return remedy.swap(
            unwrap(self.model),
            wanted or REMEDY,
            steps=self.pattern,
            example=self.x[:1],
            method=self.options.call,
            partial=True,
        )

    def steps_of(
        self, new: nn.Module, plan: remedy.Plan | None
    ) -> tuple[capture.Discovery, tuple[capture.Step, ...]]:
        """Return what is known of the model that is trained, and the steps it has."""
        if plan is None:
            return self.found, self.steps
        options = self.options
        found = capture.discover(new, self.x[:1], method=options.call, output=options.output)
        return found, ()  # those that were swapped are in the plan

    def report(
        self,
        loaded: load.LoadedModel,
        new: nn.Module,
        *,
        plan: remedy.Plan | None,
        aim: repair.Aim,
        trained: repair.Trained,
        started: float,
    ) -> RepairReport:
        """Judge the trained model on the inputs that were held out."""
        after = read_output(new, self.held_out, self.options, name="after", tell=self.tell)
        x = next(self.held_out.batches(len(self.held_out)))
        old = outputs_of(self.model, self.found, x, self.options)
        changed = outputs_of(new, after.found, x, self.options)
        cure = self._cure(old, changed, x, aim, after=after.reading)
        before_cost, after_cost = remedy.costs(
            self.model, remedy.merged(new), self.x[:1], method=self.options.call
        )
        return RepairReport(
            source=loaded.source,
            inputs=self.held_out.source,
            learned=len(self.x),
            held_out=len(self.held_out),
            cure=cure,
            aim=_aim_facts(aim),
            training=_training_facts(trained, aim.fault),
            spin=None,
            plan=plan,
            before=before_cost,
            after=after_cost,
            seconds=time.perf_counter() - started,
            seed=self.options.seed,
            views=repair.views(old, changed, x, aim),
            model=new,
        )

    def spun(self, loaded: load.LoadedModel, *, started: float) -> RepairReport:
        """Judge the model wrapped so that it runs on shifts of its input."""
        aim, _ = self.aim()
        shifts = repair.Shifts.of(self.found)
        if isinstance(shifts, str):
            raise ParameterError(f"--with spin: {shifts}")
        if self.options.call != "forward":
            raise ParameterError(f"--with spin wraps forward, and not {self.options.call}")
        new = repair.Spun(self.model, shifts)
        x = next(self.held_out.batches(len(self.held_out)))
        old = outputs_of(self.model, self.found, x, self.options)
        spin = self._spin()
        assert not isinstance(spin, str)
        with capture.quiet(self.model, seed=self.options.seed):
            changed = torch.cat([spin(one) for one in torch.split(x, 1)])
        answering = Answering(self.model, x, changed)
        after = read_output(answering, self.held_out, self.options, name="after", tell=self.tell)
        cure = self._cure(old, changed, x, aim, after=after.reading, everywhere=True)
        cost, _ = remedy.costs(self.model, self.model, self.x[:1], method=self.options.call)
        return RepairReport(
            source=loaded.source,
            inputs=self.held_out.source,
            learned=len(self.x),
            held_out=len(self.held_out),
            cure=cure,
            aim=_aim_facts(aim),
            training=None,
            spin=shifts.facts(),
            plan=None,
            before=cost,
            after=remedy.Cost(
                cost.parameters, shifts.passes * cost.flops, shifts.passes * cost.milliseconds
            ),
            seconds=time.perf_counter() - started,
            seed=self.options.seed,
            views=repair.views(old, changed, x, aim),
            model=new,
        )

    def _cure(
        self,
        old: Tensor,
        new: Tensor,
        x: Tensor,
        aim: repair.Aim,
        *,
        after: repair.Reading,
        everywhere: bool = False,
    ) -> Cure:
        before = self.before.reading
        with capture.quiet(self.model, seed=self.options.seed):
            return repair.judge_cure(
                old, new, x, aim, before=before, after=after, everywhere=everywhere
            )

    def _spin(self) -> Any:
        """Return what gives the mean output over shifts of an input, or why there is none."""
        shifts = repair.Shifts.of(self.found)
        if isinstance(shifts, str):
            return shifts
        return partial(repair.spun, self.model, shifts, found=self.found)


class Answering(nn.Module):
    """A model whose outputs for some inputs are known: it runs, and others are given out."""

    def __init__(self, model: nn.Module, x: Tensor, outputs: Tensor) -> None:
        super().__init__()
        self.model = model
        self._known = {_key(a): b for a, b in zip(x, outputs, strict=True)}

    def forward(self, x: Tensor) -> Tensor:
        """Return the known outputs of known inputs, the model's own of others."""
        made: Tensor = self.model(x)
        rows = [self._known.get(_key(a)) for a in x]
        return torch.stack([b if a is None else a.to(b) for a, b in zip(rows, made, strict=True)])


def _key(x: Tensor) -> bytes:
    return x.detach().cpu().float().numpy().tobytes()


def outputs_of(model: nn.Module, found: capture.Discovery, x: Tensor, options: Options) -> Tensor:
    """Return the outputs of a model as maps."""
    with capture.quiet(model, seed=options.seed):
        batches = torch.split(x, options.batch or BATCH)
        return torch.cat([capture.forward(model, b, found=found).cpu() for b in batches])


def _nothing(before: Read, unseen: bool) -> str | None:
    """Return why there is nothing to repair."""
    if before.verdict in ("present", "suspect"):
        if before.reading.severity == "none" and not unseen:
            return "nobody sees its grid (severity none), it is left alone; --unseen repairs it"
        return None if before.periods else "no period of its grid has room in the output"
    told = WORDS[before.verdict]
    return f"{told}, it is left alone" + (f": {before.reason}" if before.reason else "")


def _check_outputs(old: Tensor, inputs: int) -> None:
    """Raise ConversionError unless there is one map of real numbers for each input."""
    if len(old) != inputs:
        raise ConversionError(
            f"the model makes {len(old)} maps of {inputs} inputs: only one map of each is repaired"
        )
    if old.is_complex():
        raise ConversionError("the model's output is complex: only real outputs are repaired")
    if not old.isfinite().all():
        raise ConversionError("there are NaN or infinite values in the model's output")


def _aim_facts(aim: repair.Aim) -> dict[str, Any]:
    return {
        "why": aim.why,
        "average": aim.average is not None,
        "places": aim.calm,
        "periods": aim.periods,
        "span": aim.span,
        "tried": aim.tried,
    }


def _training_facts(trained: repair.Trained, fault: repair.Fault | None) -> dict[str, Any]:
    return {
        "levelled": None if fault is None else fault.step,
        "levelled_left": None if fault is None else fault.left,
        "stages": trained.stages,
        "seconds": trained.seconds,
        "out_of_time": trained.out_of_time,
    }
