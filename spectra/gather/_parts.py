"""All inputs in parts of 64: measured one by one, added in one tree, kept in files on the way."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from spectra.errors import ModelError
from spectra.gather._tree import Stretch, Tree
from spectra.inputs import PART

if TYPE_CHECKING:
    from spectra.gather._part_files import PartFiles
    from spectra.gather._sums import Sums

FIRST = "pass"  # name of the pass that every run needs
SEED_STEP = 0x9E3779B97F4A7C15  # the golden ratio in 64 bits: multiples of it lie far apart
Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class Pass:
    """All inputs through a model once, to be measured part by part.

    Attributes
    ----------
    name : str
        "pass" of the first; "rough", "mean" and "apart" where maps share content.
    parts : int
        Number of parts.
    measure : callable
        Returns the sums of one part; in any order, and as often as wanted, the same.
    """

    name: str
    parts: int
    measure: Callable[[int], Sums]


Passes = Generator[Pass, "Sums", Outcome]
"""Yields each pass that is needed, and is sent the sums over all of its parts."""


class Total(Protocol):
    """Returns the sums over all parts of a pass."""

    def __call__(self, one: Pass, /) -> Sums: ...


def part_seed(seed: int, part: int) -> int:
    """Return the seed of what a model draws at random in one part.

    Examples
    --------
    >>> part_seed(5, 0), part_seed(0, 1) != part_seed(1, 0)
    (5, True)
    """
    return (seed + part * SEED_STEP) % 2**63


def parts_of(count: int) -> int:
    """Return how many parts so many inputs have.

    Examples
    --------
    >>> parts_of(1), parts_of(64), parts_of(65)
    (1, 1, 2)
    """
    return -(-count // PART)


def inputs_of(part: int, count: int) -> range:
    """Return the indices of the inputs in one part of so many inputs.

    Examples
    --------
    >>> inputs_of(1, 100)
    range(64, 100)
    """
    return range(part * PART, min((part + 1) * PART, count))


def run_passes(passes: Passes[Outcome], total: Total) -> Outcome:
    """Return what comes of some passes, given how the parts of one are summed.

    A model that fails in a pass is reported to who asked for it, which may do without.
    """
    try:
        one = next(passes)
        while True:
            try:
                sums = total(one)
            except ModelError as error:
                one = passes.throw(error)
            else:
                one = passes.send(sums)
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome


def summed(one: Pass, files: PartFiles | None = None) -> Sums:
    """Return the sums over all parts of a pass: those in files, and the others measured here.

    Parameters
    ----------
    one : Pass
    files : PartFiles, optional
        Where finished sums are, and where they are written once a minute.
    """
    tree = Tree()
    while tree.stop < one.parts:
        found = files.find(one.name, tree.stop, one.parts) if files else None
        if found is not None:
            if found.stop - found.start == one.parts:
                return found.sums
            tree.push(found)
            continue
        start = tree.stop
        if files is not None and files.is_inside(one.name, start, one.parts):
            tree = Tree()  # another process put what was read here into a longer stretch
            continue
        tree.push(Stretch(start, start + 1, one.measure(start)))
        if files is not None and files.are_due:
            files.keep(one.name, tree.held)
    total = tree.total()
    if files is not None and files.are_begun and not files.only:
        files.keep(one.name, [Stretch(0, one.parts, total)])
    return total
