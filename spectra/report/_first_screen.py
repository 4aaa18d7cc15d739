"""What is seen first: the answer to each question, how severe it is, and the grid itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spectra import plot
from spectra.report._embedded import Embedded, embed_curves, embed_pixels, embed_small
from spectra.report._scale import Scale, severity_scale

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spectra.explain import Summary
    from spectra.report._result import Result

QUESTIONS = {
    "Is there a grid, and how bad is it?": ("severity", "verdict"),
    "Where is it born?": ("where",),
    "What does it look like?": ("looks",),
    "Why?": ("why", "not"),
    "But": ("but",),
    "What does a constant leave?": ("probe",),
    "What does an attack do?": ("attack",),
    "What to change?": ("try",),
    "How far to trust this?": ("trust",),
}
NOTHING = {"none": "no grid was found", "insufficient": "not known: the output was not tested"}
MILD = {"none": "nobody sees the grid", "faint": "the grid is faint"}
SIDE = 200  # CSS pixels


@dataclass(frozen=True)
class Question:
    """A question of a user, and the sentences that answer it; ``command`` is there to be copied."""

    text: str
    answers: tuple[str, ...]
    command: str | None = None


@dataclass(frozen=True)
class Framed:
    """A picture with what stands below it; ``frame`` is (x, y, width, height) in CSS pixels."""

    picture: Embedded
    caption: str
    frame: tuple[float, ...] | None = None


@dataclass(frozen=True)
class FirstScreen:
    """What the first screen of a report shows, and a notebook."""

    questions: tuple[Question, ...]
    scale: Scale | None
    shown: tuple[Framed, ...]


def first_screen(result: Result, crop: Any = None) -> FirstScreen:
    """Return what is shown first.

    Parameters
    ----------
    result : Result
    crop : matplotlib Figure, optional
        The crop of a signal, which is a line and no picture.
    """
    summary = result.summary
    shown = tuple(map(_framed, plot.shown_grid(result.data)))
    if not shown and crop is not None:
        said = " ".join(crop.axes[1].get_title().split())  # by how much its grid is amplified
        alt = f"The output about the place that shows the grid most; {said}"
        shown = (Framed(embed_curves(crop, alt=alt), f"the output as it is; {said}"),)
    return FirstScreen(
        questions=tuple(_questions(summary)),
        scale=severity_scale(summary.severity) if summary.severity else None,
        shown=shown,
    )


def _questions(summary: Summary) -> list[Question]:
    answer = summary.answer
    if summary.brief:
        counts = answer.get("trust", "").partition("; ")[0]
        answer = {**summary.brief, "trust": f"{counts}; notes, options and versions below"}
    mild = MILD.get(summary.severity.word if summary.severity else "")
    nothing = NOTHING.get(summary.verdict) or (f"not asked: {mild}" if mild else "not known")
    return [
        Question(
            text,
            tuple(answer[key] for key in keys if key in answer) or (nothing,),
            summary.advised_command if "try" in keys else None,
        )
        for text, keys in QUESTIONS.items()
        if _applies(keys, summary, answer)
    ]


def _applies(keys: tuple[str, ...], summary: Summary, answer: Mapping[str, str]) -> bool:
    """Tell whether a question arises: some do only where something was found or asked for."""
    asked: dict[tuple[str, ...], object] = {
        ("attack",): summary.attack,
        ("probe",): summary.probe,
        ("but",): answer.get("but"),
    }
    return keys not in asked or bool(asked[keys])


def _framed(shown: plot.Shown) -> Framed:
    if shown.frame is None:
        picture = embed_pixels(shown.values, alt=shown.alt, side=SIDE)
        return Framed(picture, shown.caption)
    picture = embed_small(shown.values, alt=shown.alt, side=SIDE)
    scale = picture.width / shown.values.shape[1]
    return Framed(picture, shown.caption, tuple(scale * length for length in shown.frame))
