"""All scores of one run: the inputs', each step's, the output's, and what of a step is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from spectra._reasons import HOLDS_NAN
from spectra.score._as_pictures import MOST_OUTSIDE, AsPictures
from spectra.score._at_output import AtOutput, at_output, too_small
from spectra.score._cascade import inherited_points
from spectra.score._score import (
    LatticeReading,
    out_of_band_dbc,
    point_significance,
    read_lattice,
    score,
)
from spectra.score._types import Score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spectra._options import Progress
    from spectra.capture import Discovery
    from spectra.gather import Passed, Place
    from spectra.inputs import Inputs

NO_INPUTS = Score(reason="no inputs")
NO_CONTROL = "inputs are no maps"
NO_PERIOD = "the period of no step in the output is known"
LEVELS = 255


@dataclass(frozen=True)
class StepScore:
    """The scores of one step.

    Attributes
    ----------
    own : Score
        Score of the step's own maps.
    out_of_band_dbc : float or None
        Power of these maps above the base band of the step's input over that within it.
    at_output : AtOutput
        What of the step reaches the output.
    inherited : tuple of tuple of float
        Frequencies of its maps whose peak the inputs already had, in cycles/pixel: `own` is
        without them.
    """

    own: Score
    out_of_band_dbc: float | None
    at_output: AtOutput
    inherited: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Scores:
    """All scores of one run.

    Attributes
    ----------
    input, output : Score
        The output's without the peaks that the inputs already had.
    steps : tuple of StepScore
        One for each step.
    inherited : tuple of tuple of float
        Frequencies of the output whose peak the inputs already had, in cycles/pixel.
    control_gap : str or None
        Why the inputs tell nothing of the output's own frequencies, if so.
    far_off : bool
        Whether pictures went in, and what comes out is none.
    limits : tuple of float or None
        Black and white of the outputs, where they are read as pictures; they may be of another
        range than the inputs.
    outside : float or None
        Share of the first outputs' values that lie outside the range of pictures that went in;
        None of all else.
    measured : mapping of str to LatticeReading or None
        What the lattice points of ``input``, ``output``, ``steps/0`` and so on show; None where
        there are none.
    variables : tuple of Score
        Of each channel of the output by itself, where the channels are variables with names,
        weighted by area, and without the peaks that the inputs already had.
    """

    input: Score
    output: Score
    steps: tuple[StepScore, ...]
    inherited: tuple[tuple[float, ...], ...]
    control_gap: str | None
    far_off: bool
    limits: tuple[float, float] | None
    outside: float | None
    measured: Mapping[str, LatticeReading | None] = field(repr=False)
    variables: tuple[Score, ...] = ()

    @property
    def leaves_range(self) -> bool:
        """Whether so many values lie outside the range of the inputs that no picture is there."""
        return self.far_off and self.outside is not None and self.outside > MOST_OUTSIDE

    @property
    def own_points(self) -> NDArray[np.bool_]:
        """Which lattice points of the output are no peaks that the inputs already had."""
        output, inherited = self.measured["output"], set(self.inherited)
        frequencies = [] if output is None else output.lattice.frequency.tolist()
        return np.array([tuple(f) not in inherited for f in frequencies], bool)

    def at_period(self, period: Sequence[int]) -> Score:
        """Return the score of the output at the lattice points of steps of one period.

        Those are without the peaks that the inputs already had.
        """
        output = self.measured["output"]
        if output is None:
            return Score(reason="the output was not scored")
        return score(output, output.data, chosen=output.owned_by(period) & self.own_points)


def score_place(place: Place, *, seed: int) -> tuple[Score, LatticeReading | None]:
    """Return the score of maps that are no place of a run, and what their lattice points show.

    Parameters
    ----------
    place : Place
        Their running sums.
    seed : int
        Seed of the randomisation test.
    """
    measured = read_lattice(place.data, seed=seed)
    return score(measured, place.data), measured


def run(
    passed: Passed,
    inputs: Inputs | None,
    *,
    seed: int,
    progress: Progress,
    clean: Scores | None = None,
    known_input: LatticeReading | None = None,
) -> Scores:
    """Score all places of a run.

    Parameters
    ----------
    passed : Passed
        What the inputs left on their way through the model.
    inputs : Inputs or None
        The inputs; without any there is no score.
    seed : int
        Seed of the randomisation test.
    progress : callable
        Called with ("score", done, total).
    clean : Scores, optional
        Scores of the clean inputs, where these are attacked ones: only peaks that the clean ones
        had are inherited. What an attack adds to the inputs it took from the model.
    known_input : LatticeReading, optional
        What the same inputs showed with the same seed, where that is known: they are not read anew.
    """
    known = {} if known_input is None else {"input": known_input}
    measured = _measured(passed, seed=seed, progress=progress, known=known)
    brought_in = (measured if clean is None else clean.measured).get("input")
    there, inherited = measured["output"], _inherited(passed, measured["output"], brought_in)
    brought = [
        _brought_to(passed, i, measured[f"steps/{i}"], brought_in) for i in range(len(passed.steps))
    ]
    read = AsPictures.of(passed, inputs)
    if inputs is None:
        control = output = NO_INPUTS
        own = [NO_INPUTS] * len(passed.steps)
        beyond: list[float | None] = [None] * len(passed.steps)
    else:
        control = _control(passed, measured.get("input"), inputs)
        output = _output(passed, there, inherited, read.limits)
        output = _with_whole(output, passed.output, inherited, seed=seed)
        own = [
            _with_whole(
                _own(passed, i, measured[f"steps/{i}"], inherited=brought[i]),
                passed.steps[i],
                brought[i],
                seed=seed,
            )
            for i in range(len(passed.steps))
        ]
        beyond = [_out_of_band(passed, i) for i in range(len(passed.steps))]
    arrived = [
        at_output(passed, i, score_of, output=there, inherited=inherited)
        for i, score_of in enumerate(own)
    ]
    return Scores(
        input=control,
        output=output,
        steps=tuple(
            StepScore(*each, _peaks(measured[f"steps/{i}"], brought[i]))
            for i, each in enumerate(zip(own, beyond, arrived, strict=True))
        ),
        inherited=_peaks(there, inherited),
        control_gap=_control_gap(passed),
        far_off=read.far_off,
        limits=read.limits,
        outside=read.outside,
        measured=measured,
        variables=tuple(_variables(passed, inherited, seed=seed)),
    )


def _variables(passed: Passed, inherited: NDArray[np.bool_], *, seed: int) -> Iterator[Score]:
    """Yield the score of each variable of the output."""
    for place in passed.variables:
        measured = read_lattice(place.data, seed=seed)
        fits = measured is not None and len(measured.lattice.frequency) == len(inherited)
        yield score(measured, place.data, chosen=~inherited if fits else None)


def _measured(
    passed: Passed, *, seed: int, progress: Progress, known: Mapping[str, LatticeReading]
) -> dict[str, LatticeReading | None]:
    """Return what the lattice points of each place show, but for places that are known."""
    places = _places(passed)
    measured: dict[str, LatticeReading | None] = {}
    for number, (name, place) in enumerate(places.items()):
        progress("score", number, len(places))
        measured[name] = known.get(name) or read_lattice(place.data, seed=seed)
    progress("score", len(places), len(places))
    return measured


def _places(passed: Passed) -> dict[str, Place]:
    """Return the places that have a lattice, by the groups that they have in ``spectra.nc``."""
    steps = {f"steps/{index}": place for index, place in enumerate(passed.steps)}
    control = {} if passed.input is None else {"input": passed.input}
    return control | steps | {"output": passed.output}


def _inherited(
    passed: Passed, output: LatticeReading | None, inputs: LatticeReading | None
) -> NDArray[np.bool_]:
    """Return which lattice points of the output the inputs already had."""
    if output is None or inputs is None or passed.found.ratio is None:
        return np.zeros(0 if output is None else len(output.lattice.frequency), bool)
    _, p = point_significance(inputs)
    return inherited_points(output, inputs, passed.found.ratio, p)


def _brought_to(
    passed: Passed, index: int, maps: LatticeReading | None, inputs: LatticeReading | None
) -> NDArray[np.bool_]:
    """Return which lattice points of a step's maps the inputs already had.

    None where its maps are not a whole number of times as large as the inputs: a grid that
    shrinks on its way to the step folds, and comes out at other frequencies.
    """
    ratio = _over_inputs(passed.found, index)
    whole = bool(ratio) and all(r.denominator == 1 for r in ratio)
    if maps is None or inputs is None or not whole:
        return np.zeros(0 if maps is None else len(maps.lattice.frequency), bool)
    _, p = point_significance(inputs)
    return inherited_points(maps, inputs, ratio, p)


def _over_inputs(found: Discovery, index: int) -> list[Fraction]:
    """Return the pixels of a step's maps over those of the inputs along each axis, if known.

    The period of its grid in the output tells, where it is known, of tiles as well: the maps of
    a tile are no larger than the inputs, and are the enlarged content of a part of them.
    """
    step, period, total = found.steps[index], found.periods[index], found.ratio
    sizes = (step.factor, period, total) if period and total and max(period) > 1 else ()
    if sizes and len({len(size) for size in sizes}) == 1:
        return [Fraction(s) * r / p for s, p, r in zip(*sizes, strict=True)]
    if len(step.output_shape) != len(found.input_shape):
        return []
    return [
        Fraction(a, b) for a, b in zip(step.output_shape[1:], found.input_shape[1:], strict=True)
    ]


def _peaks(
    measured: LatticeReading | None, chosen: NDArray[np.bool_]
) -> tuple[tuple[float, ...], ...]:
    """Return the frequencies of some lattice points."""
    return (
        () if measured is None else tuple(map(tuple, measured.lattice.frequency[chosen].tolist()))
    )


def _own(
    passed: Passed, index: int, measured: LatticeReading | None, *, inherited: NDArray[np.bool_]
) -> Score:
    """Return the score of a step's own maps, without the peaks that the inputs already had."""
    step, place = passed.found.steps[index], passed.steps[index]
    own = score(measured, place.data, chosen=None if measured is None else ~inherited)
    return own if step.factor else replace(own, reason=step.reason)


def _with_whole(own: Score, place: Place, inherited: NDArray[np.bool_], *, seed: int) -> Score:
    """Return a score with what the same maps read when their fixed content is left in."""
    if place.whole is None:
        return own
    whole = score(read_lattice(place.whole, seed=seed), place.whole, chosen=~inherited)
    share = float(place.data.attrs["content_share"])
    return replace(own, content_share=share, whole_dbc=whole.told_dbc, whole_p=whole.p)


def _out_of_band(passed: Passed, index: int) -> float | None:
    factor = passed.found.steps[index].factor
    return out_of_band_dbc(passed.steps[index].data, factor) if factor else None


def _control(passed: Passed, measured: LatticeReading | None, inputs: Inputs) -> Score:
    """Return the score of the inputs."""
    if passed.input is None:
        return Score(reason=NO_CONTROL)
    return score(
        measured,
        passed.input.data,
        levels=_levels(inputs.range if inputs.kind == "images" else None),
    )


def _output(
    passed: Passed,
    measured: LatticeReading | None,
    inherited: NDArray[np.bool_],
    limits: tuple[float, float] | None,
) -> Score:
    """Return the score of the output, in grey levels too where it is pictures."""
    found = passed.found
    if found.layout is None:
        return Score(reason=f"no map: {found.reading.reason}")
    alike = found.output_shape[:1] == found.control_shape[:1]  # else no picture: logits, features
    levels = _levels(limits) if alike else None
    own = None if measured is None else ~inherited
    output = score(measured, passed.output.data, chosen=own, levels=levels)
    reason = HOLDS_NAN if HOLDS_NAN in found.period_reasons else NO_PERIOD
    return output if found.output_periods else replace(output, reason=reason)


def _levels(limits: tuple[float, float] | None) -> float | None:
    """Return the levels of 255 that one unit of pictures is; None of all else."""
    return None if limits is None else LEVELS / (limits[1] - limits[0])


def _control_gap(passed: Passed) -> str | None:
    """Return why the inputs tell nothing of the output's own frequencies, if so."""
    if passed.input is None:
        return NO_CONTROL
    if passed.found.ratio is None:
        return "input and output share no common grid"
    plan = passed.input.plan
    scored = {view.period for view in plan.views}
    missing = [period for period in passed.found.control_periods if period not in scored]
    return too_small("inputs", plan.shape, missing[0]) if missing else None
