"""The stages of a repair, each on what the ones before it left."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from spectra import capture, remedy, repair
from spectra._walk import unwrap
from spectra.errors import NothingToAnalyseError, ParameterError
from spectra.follow import Layout
from spectra.report import RepairReport
from spectra.run._reading import Read, read_output
from spectra.run._repair_outputs import answering, check_outputs, outputs_of
from spectra.run._turned import turned
from spectra.severity import shown_range

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spectra import load
    from spectra._options import Options, Progress
    from spectra.inputs import Inputs

REMEDY = "lctc7"
TURNED_BYTES = 512 << 20  # of the outputs for pictures that are turned and mirrored
PLANE = 2  # axes of a picture
PICTURE_CHANNELS = (1, 3, 4)
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
        if (reason := _nothing(before, unseen, len(held_out))) is not None:
            raise NothingToAnalyseError(f"nothing to repair: {reason}")
        with capture.quiet(model):
            x = next(learned.batches(len(learned)))
        found = before.found
        old = outputs_of(model, found, x, options)
        check_outputs(old, len(x))
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

    @cached_property
    def turned(self) -> Tensor | None:
        """Outputs for the same pictures turned and mirrored, (B, turn, C, *spatial).

        None where inputs have not the channels of pictures: what else a model takes may have an up
        and a down.
        """
        axes = {len(t.shape[2:]) for t in (self.x, self.old)}
        if axes != {PLANE} or self.x.shape[1] not in PICTURE_CHANNELS:
            return None
        each = self.old.numel() * self.old.element_size()
        turns = turned(self.x)[: TURNED_BYTES // each]
        if not turns or min(self.x.shape[2:]) == 1:
            return None
        outputs = (outputs_of(self.model, self.found, turn, self.options) for turn in turns)
        return torch.stack(list(outputs), dim=1)

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
                turned=self.turned,
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

    def trained(
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
        after = read_output(
            new, self.held_out, self.options, name="after", tell=self.tell, like=self.before
        )
        changed = outputs_of(new, after.found, self._judged_on[0], self.options)
        return self._report(
            loaded,
            new,
            changed,
            aim=aim,
            after=after,
            costs=self._costs(remedy.merged(new)),
            started=started,
            training=_training_facts(trained, aim.fault),
            plan=plan,
        )

    def spun(self, loaded: load.LoadedModel, *, started: float) -> RepairReport:
        """Judge the model wrapped so that it runs on shifts of its input."""
        self._check_wrapped("spin")
        shifts = repair.Shifts.of(self.found)
        if isinstance(shifts, str):
            raise ParameterError(f"--with spin: {shifts}")
        aim, _ = self.aim()
        x, _ = self._judged_on
        spin = self._spin()
        assert not isinstance(spin, str)
        with capture.quiet(self.model, seed=self.options.seed):
            changed = torch.cat([spin(one) for one in torch.split(x, 1)])
        cost, _ = self._costs(self.model)
        spun_cost = remedy.Cost(
            cost.parameters, shifts.passes * cost.flops, shifts.passes * cost.milliseconds
        )
        return self._report(
            loaded,
            repair.Spun(self.model, shifts),
            changed,
            aim=aim,
            after=self._read_changed(changed),
            costs=(cost, spun_cost),
            started=started,
            spin=shifts.facts(),
        )

    def filtered(self, loaded: load.LoadedModel, *, started: float) -> RepairReport:
        """Judge the model with a layer behind it that takes the grid out of its output."""
        self._check_wrapped("filter")
        self.tell("layer", 0, 1)
        aim = repair.find_layer(
            self.old,
            self.before.periods,
            span=self.span,
            turned=self.turned,
            seed=self.options.seed,
        )
        self.tell("layer", 1, 1)
        new = repair.Filtered.of(self.model, aim)
        changed = new.without_grid(self._judged_on[1])
        return self._report(
            loaded,
            new,
            changed,
            aim=aim,
            after=self._read_changed(changed),
            costs=self._costs(new),
            started=started,
            layer=new.facts(),
        )

    def _report(
        self,
        loaded: load.LoadedModel,
        new: nn.Module,
        changed: Tensor,
        *,
        aim: repair.Aim,
        after: Read,
        costs: tuple[remedy.Cost, remedy.Cost],
        started: float,
        **how: Any,
    ) -> RepairReport:
        """Judge other outputs for the inputs that were held out, and tell how they were made."""
        x, old = self._judged_on
        with capture.quiet(self.model, seed=self.options.seed):
            cure = repair.judge_cure(
                old,
                changed,
                x,
                aim,
                before=self.before.reading,
                after=after.reading,
            )
        return RepairReport(
            source=loaded.source,
            inputs=self.held_out.source,
            learned=len(self.x),
            held_out=len(self.held_out),
            cure=cure,
            aim={**_aim_facts(aim), "content_share": self.before.content_share},
            before=costs[0],
            after=costs[1],
            seconds=time.perf_counter() - started,
            seed=self.options.seed,
            views=repair.views(old, changed, x, aim),
            model=new,
            **how,
        )

    @cached_property
    def _judged_on(self) -> tuple[Tensor, Tensor]:
        """The inputs that were held out, and what the model makes of them."""
        x = next(self.held_out.batches(len(self.held_out)))
        return x, outputs_of(self.model, self.found, x, self.options)

    def _read_changed(self, changed: Tensor) -> Read:
        """Return what other outputs of the same model read: its steps are the same."""
        with answering(self.model, self._judged_on[0], changed):
            return read_output(
                self.model,
                self.held_out,
                self.options,
                name="after",
                tell=self.tell,
                found=self.found,
                like=self.before,
            )

    def _costs(self, new: nn.Module) -> tuple[remedy.Cost, remedy.Cost]:
        return remedy.costs(self.model, new, self.x[:1], method=self.options.call)

    def _check_wrapped(self, what: str) -> None:
        """Raise ParameterError where a model cannot be wrapped in another."""
        if self.options.call != "forward":
            raise ParameterError(f"--with {what} wraps forward, and not {self.options.call}")
        reading, name = self.found.reading, self.found.outputs[self.found.output]
        if name or reading.layout != Layout.usual(len(reading.shape)):
            raise ParameterError(
                f"--with {what}: the model returns {name or reading.axes}: expected one tensor "
                "(sample, channel, *space)"
            )

    def _spin(self) -> Any:
        """Return what gives the mean output over shifts of an input, or why there is none."""
        shifts = repair.Shifts.of(self.found)
        if isinstance(shifts, str):
            return shifts
        return partial(repair.spun, self.model, shifts, found=self.found)


def _nothing(before: Read, unseen: bool, ran: int) -> str | None:
    """Return why there is nothing to repair."""
    if before.verdict in ("present", "suspect"):
        if before.reading.severity == "none" and not unseen:
            return (
                f"nobody sees its grid in the {ran} inputs that are held out for judging (severity "
                "none), it is left alone; --unseen repairs it"
            )
        return None if before.periods else "no period of its grid has room in the output"
    told = WORDS[before.verdict]
    return f"{told}, it is left alone" + (f": {before.reason}" if before.reason else "")


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
