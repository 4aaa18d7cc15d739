"""How visible local lines are: grids that stand in few places, and are in no average."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spectra.severity._in_place import AMPLITUDE
from spectra.severity._standing import grid_that_stands, where_lines_stand
from spectra.severity._visibility import LEAST_SIDE, picture_visibility

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from spectra.severity._standing import Standing
    from spectra.severity._visibility import Visibility
    from spectra.spectrum import MapPlan

JUDGED = 3  # pictures whose local lines are judged: those that show most
# A grid is the model's and comes again in other pictures; a texture or a row of windows whose
# period happens to be the grid's is one picture's.
LEAST = 2  # pictures with local lines, without which there is none


@dataclass(frozen=True)
class SeenLines:
    """How visible local lines are, by the index of the picture.

    Attributes
    ----------
    pictures : mapping of int to Visibility
        Of those that show most, beginning with the most; empty where fewer than two show any.
    controls : mapping of int to Visibility
        The same at frequencies beside the lattice, where no grid is.
    """

    pictures: Mapping[int, Visibility] = field(default_factory=dict)
    controls: Mapping[int, Visibility] = field(default_factory=dict)


def see_lines(pictures: Tensor, plan: MapPlan) -> SeenLines:
    """Return how visible the local lines of pictures are, and what is seen of controls.

    A roll leaves a local line what it is: its controls are lines at wrong frequencies, found and
    read by the same rules in all of the pictures. Of a picture lines are judged where their
    amplitude counts in full and is larger than the largest of a control.

    Parameters
    ----------
    pictures : Tensor, shape (B, C, y, x)
        Black is 0 and white is 1.
    plan : MapPlan
        How such pictures are scored.
    """
    if not plan.views or min(pictures.shape[2:]) < LEAST_SIDE:
        return SeenLines()
    standing, wrong = standing_lines(pictures, plan)
    if not standing:
        return SeenLines()
    return SeenLines(
        _seen(pictures, standing, plan, wrong=False), _seen(pictures, wrong, plan, wrong=True)
    )


def standing_lines(
    pictures: Tensor, plan: MapPlan
) -> tuple[dict[int, Standing], dict[int, Standing]]:
    """Return where local lines stand, by picture, and where those of the controls do.

    None stand unless two pictures at least have some whose amplitude counts in full and is larger
    than the largest of a control.

    Parameters
    ----------
    pictures, plan
        See `see_lines`; pictures may have any number of axes.
    """
    full = AMPLITUDE[1]
    standing = _larger(_standing(pictures, plan, wrong=False), full)
    if len(standing) < LEAST:
        return {}, {}
    wrong = _standing(pictures, plan, wrong=True)
    standing = _larger(standing, max((each.amplitude for each in wrong.values()), default=full))
    return (standing, wrong) if len(standing) >= LEAST else ({}, {})


def _standing(pictures: Tensor, plan: MapPlan, *, wrong: bool) -> dict[int, Standing]:
    """Return where lines stand in those pictures that have any, beginning with the most."""
    found = {i: where_lines_stand(p, plan, wrong=wrong) for i, p in enumerate(pictures)}
    shown = [(i, each) for i, each in found.items() if each is not None]
    return dict(sorted(shown, key=lambda each: -each[1].amplitude))


def _larger(standing: Mapping[int, Standing], amplitude: float) -> dict[int, Standing]:
    """Return those pictures whose lines are larger than an amplitude."""
    return {i: each for i, each in standing.items() if each.amplitude > amplitude}


def _seen(
    pictures: Tensor, standing: Mapping[int, Standing], plan: MapPlan, *, wrong: bool
) -> dict[int, Visibility]:
    """Return how visible the grids are that stand most in some pictures."""
    most = list(standing.items())[:JUDGED]
    grids = {i: grid_that_stands(pictures[i], each.weight, plan, wrong=wrong) for i, each in most}
    return {
        i: picture_visibility(pictures[i].numpy(), (pictures[i] - grid).numpy())
        for i, grid in grids.items()
    }
