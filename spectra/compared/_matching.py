"""Which step of one model is which of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spectra.explain import StepRow


@dataclass(frozen=True)
class Matching:
    """Steps of two models.

    Attributes
    ----------
    pairs : tuple of (int, int)
        Indices of steps that are matched, in the order of the first model.
    only_before, only_after : tuple of int
        Indices of steps without a partner.
    """

    pairs: tuple[tuple[int, int], ...]
    only_before: tuple[int, ...]
    only_after: tuple[int, ...]


def match_steps(before: Sequence[StepRow], after: Sequence[StepRow]) -> Matching:
    """Match the steps of two models: by name, then by the module they stand in, then by order.

    A step of the same name and call is the same, whatever its kind became. A swap may have put a
    module in the place of an operation, whose last step, inside of that module, then is its
    partner. What is left is matched where kind and factor agree, in running order.

    Parameters
    ----------
    before, after : sequence of StepRow
        Steps in running order.
    """
    found: dict[int, int] = {}
    of_name = {(step.name, step.call): j for j, step in enumerate(after)}
    for i, step in enumerate(before):
        if (step.name, step.call) in of_name:
            found[i] = of_name[step.name, step.call]
    for i, step in enumerate(before):
        inside = [j for j in _left(after, found.values()) if _is_inside(after[j], step)]
        if i not in found and inside:
            found[i] = inside[-1]
    for j, step in enumerate(after):
        inside = [i for i in _left(before, found) if _is_inside(before[i], step)]
        if j not in found.values() and inside:
            found[inside[-1]] = j
    old, new = _left(before, found), _left(after, found.values())
    looks = [[(s[i].kind, s[i].factor) for i in left] for s, left in ((before, old), (after, new))]
    for block in SequenceMatcher(None, looks[0], looks[1], autojunk=False).get_matching_blocks():
        for k in range(block.size):
            found[old[block.a + k]] = new[block.b + k]
    return Matching(
        tuple(sorted(found.items())),
        only_before=tuple(_left(before, found)),
        only_after=tuple(_left(after, found.values())),
    )


def _left(steps: Sequence[StepRow], taken: object) -> list[int]:
    """Return the indices of steps that have no partner yet."""
    have = set(taken)  # type: ignore[call-overload]
    return [i for i in range(len(steps)) if i not in have]


def _is_inside(inner: StepRow, outer: StepRow) -> bool:
    """Tell whether a step stands in a module that has another's name, in the same call."""
    return inner.name.startswith(f"{outer.name}.") and outer.name != "" and inner.call == outer.call
