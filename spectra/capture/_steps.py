"""What an upsampling step is, and what is known of a model once its steps are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal, NamedTuple

from spectra._names import times
from spectra._room import ALIKE
from spectra.capture._convolution import Convolution
from spectra.capture._grids import Period, control_periods, scored_period
from spectra.capture._operation import Growth, Operation
from spectra.capture._reading import Reading
from spectra.follow import NOTHING, Borders, Layout
from spectra.kinds import Kind

SeamFamily = Literal["view", "write", "gather", "sum", "filter", "fourier"]
"""What a call does at which a step of several operations may end, whatever it is called."""


@dataclass(frozen=True)
class Step(Operation):
    """One upsampling operation of a model, as a forward pass showed it.

    Attributes beside those of `Operation`:

    Attributes
    ----------
    kind : Kind
        What the operation is.
    reason : str or None
        Why the step has no lattice.
    borders : Borders
        What padding has disturbed of the step's map.
    spacing : tuple of Fraction
        Output pixels from one input pixel to the next along each axis: the factor where there
        is a lattice; empty where it is not known.
    calls : int
        How often the same line of code ran the step, side by side, on maps of this shape: once
        for each tile of a picture or frame of a film. No call depends on another.
    convolution : Convolution or None
        Whose weight makes the step. It is the call itself of a transposed convolution, the
        convolution whose very result a pixel shuffle takes, and the one that takes the very
        result of an interpolation. None where there is no such call, and of other kinds.
    summed : tuple of str
        Paths of the modules whose results the step is the sum of, in the order in which they run;
        empty where it is no sum.
    """

    kind: Kind
    reason: str | None = None
    borders: Borders = field(default=NOTHING, compare=False)
    spacing: tuple[Fraction, ...] = ()
    calls: int = 1
    convolution: Convolution | None = field(default=None, compare=False)
    summed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fingerprint:
    """How to know the last operation of a step of several again.

    None of these operations upsamples by itself, and calls that look alike are many: a view is
    the end of a step here and nothing there.

    Attributes
    ----------
    family : str
        What the operation does, whatever it is called.
    rank : int
        Number of axes of its first argument.
    layout : Layout
        Which axes of what it makes are samples, channels and space.
    channels : int
        Channels of the map that it makes.
    nth : int
        Its position among the calls with this fingerprint since the last mark that is not
        optional, counted from 1.
    """

    family: SeamFamily
    rank: int
    layout: Layout
    channels: int
    nth: int = 1

    def fits(
        self, family: SeamFamily, rank: int, shape: Sequence[int], *, side_by_side: int = 1
    ) -> bool:
        """Tell whether another call has this fingerprint, on a picture of whatever size.

        Parameters
        ----------
        family, rank : str, int
            What the call does, and the number of axes of its first argument.
        shape : sequence of int
            Shape of what it made.
        side_by_side : int
            Samples of the model's input. A layer with weights of its own for each sample runs
            them as groups of one sample, whose channels lie side by side.
        """
        axes = len(self.layout.sample) + len(self.layout.channel) + len(self.layout.spatial)
        if (family, rank, len(shape)) != (self.family, self.rank, axes):
            return False
        together = side_by_side if shape[0] == 1 else 1
        return self.layout.shape(shape)[0] in (self.channels, self.channels * together)


class Mark(NamedTuple):
    """What identifies an upsampling operation from one forward pass to the next.

    Every forward pass of a model passes the same marks in the same order. Sizes are left out on
    purpose: the same model on a larger picture has the same marks.

    Attributes
    ----------
    kind : Kind
        What the operation is.
    factor : tuple of int
        Upsampling factor along each spatial axis; empty where there is no lattice.
    channels : int
        Channels of the map that it makes.
    step : int or None
        Index of the step that ends with it. None where none does: it does not depend on the
        model's input, or its step goes on.
    optional : bool
        Whether it does not depend on the model's input (a resized position table). A model may
        keep the result and skip the operation the next time.
    fingerprint : Fingerprint or None
        How to know it again where it is the end of several operations.
    """

    kind: Kind
    factor: tuple[int, ...]
    channels: int
    step: int | None = None
    optional: bool = False
    fingerprint: Fingerprint | None = None

    def __str__(self) -> str:
        ratio = times(self.factor) or "no whole number"
        return f"{self.kind} by {ratio} on {self.channels} channels"


@dataclass(frozen=True)
class Discovery:
    """The upsampling steps of a model, in the order in which they run.

    Attributes
    ----------
    steps : tuple of Step
        All upsampling operations that depend on the model's input.
    growth : tuple of Growth
        Innermost modules that grow although their steps do not explain it.
    input_shape, output_shape : tuple of int
        ``(channel, *spatial)`` of the example and of the model's output; ``()`` where that is
        no map.
    signature : tuple of Mark
        The marks of every upsampling operation of one forward pass, to check the next by.
    total_stride : tuple of int
        How far the model has reduced its input, per axis, before its steps: the input's
        size over the smallest map that enters a step, 1 where there is no step; empty for
        a model without spatial input. Squeeze-and-excite branches do not count.
    method : str
        The method of the model that was called.
    reading : Reading
        How the output is read as maps, or why it is none.
    output : int
        Which of the tensors that the model returns is its output.
    outputs : tuple of str
        Where each of these tensors stands in what the model returns.
    chosen : str
        Why that tensor is the output.
    untraced : tuple of (str, str)
        Modules in which operations could not be followed, for a mistake of this library, and the
        error: a rearrangement that upsamples may be missing there.
    watched : tuple of str or None
        Modules in whose own code the steps run. On inputs of ``input_shape`` a stream looks
        nowhere else. Where it is None, a stream looks everywhere.
    borders : Borders
        What padding has disturbed of the output.
    periods : tuple of (tuple of int or None)
        Period of each step's grid along each axis of the output, in its pixels, once
        `follow_periods` has run: 1 where no grid of it is left along an axis, None where it is
        not known.
    period_reasons : tuple of (str or None)
        Why a step's period is not known; None where it is.
    ratio : tuple of Fraction or None
        Output over input pixels along each axis; None where they lie on no common grid.
    output_periods : tuple of tuple of int
        The different periods at which the output is scored: those of all steps of the model, also
        of those that `select` has left out.
    first_channels : int or None
        Channels of the first of several maps that lie side by side in the example; None where it
        is one thing.
    draws : bool
        Whether the model drew random numbers as it ran, of torch on the CPU, NumPy or Python.
    peak_bytes : int
        Most memory that the tensors of a forward pass of one sample take at once, weights and
        what kernels take for themselves apart.
    """

    steps: tuple[Step, ...]
    growth: tuple[Growth, ...]
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    signature: tuple[Mark, ...]
    total_stride: tuple[int, ...]
    reading: Reading
    method: str = "forward"
    output: int = 0
    outputs: tuple[str, ...] = ("",)
    chosen: str = ""
    untraced: tuple[tuple[str, str], ...] = ()
    watched: tuple[str, ...] | None = field(default=None, compare=False)
    borders: Borders = NOTHING
    periods: tuple[Period | None, ...] = ()
    period_reasons: tuple[str | None, ...] = ()
    ratio: tuple[Fraction, ...] | None = None
    output_periods: tuple[Period, ...] = ()
    first_channels: int | None = None
    draws: bool = False
    peak_bytes: int = field(default=0, compare=False)

    @property
    def control_shape(self) -> tuple[int, ...]:
        """``(channel, *spatial)`` of the input that is scored: the first map of several."""
        return (self.first_channels or self.input_shape[0], *self.input_shape[1:])

    @property
    def layout(self) -> Layout | None:
        """Which axes of the output are samples, channels and space; None where it is no map."""
        return self.reading.layout

    @property
    def scale(self) -> tuple[Fraction, ...]:
        """Output size over input size of each axis; empty without spatial input."""
        if len(self.input_shape) != len(self.output_shape):
            return ()
        pairs = zip(self.input_shape[1:], self.output_shape[1:], strict=True)
        return tuple(_ratio(grown, size) for size, grown in pairs)

    @property
    def scored_periods(self) -> tuple[Period | None, ...]:
        """The period at which the output is scored for each step's grid; None where not known."""
        return tuple(p and scored_period(p, self.output_shape) for p in self.periods)

    @property
    def control_periods(self) -> tuple[Period, ...]:
        """The periods at which the inputs are scored, in their own pixels."""
        return control_periods(self.output_periods, self.ratio, len(self.input_shape) - 1)

    def select(self, wanted: Callable[[Step], bool]) -> Discovery:
        """Return the discovery with only the wanted steps, numbered anew.

        Marks of the other steps stay: their operations still run.
        """
        kept = [index for index, step in enumerate(self.steps) if wanted(step)]
        renumbered = {old: new for new, old in enumerate(kept)}
        return replace(
            self,
            steps=tuple(self.steps[index] for index in kept),
            periods=tuple(self.periods[index] for index in kept if self.periods),
            period_reasons=tuple(self.period_reasons[index] for index in kept if self.periods),
            signature=tuple(
                mark if mark.step is None else mark._replace(step=renumbered.get(mark.step))
                for mark in self.signature
            ),
        )


def _ratio(large: int, small: int) -> Fraction:
    """Return ``large / small``, as n or 1/n if sides of that ratio would be alike.

    What borders add to a size, or take from it, is no part of the ratio.
    """
    exact = Fraction(large, small)
    whole = Fraction(round(exact)) if exact >= 1 else Fraction(1, round(1 / exact))
    return whole if abs(exact / whole - 1) <= 1 - ALIKE else exact
