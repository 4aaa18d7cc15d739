"""The coordinates of values computed point by point: those of what they were computed from."""

from __future__ import annotations

from dataclasses import replace

from spectra.follow._aligned import Aligned
from spectra.follow._along import NOWHERE, Coordinates, Indices, Role, growth_along, role_along
from spectra.follow._axes import Axes, Variation
from spectra.follow._roots import Roots


class InheritedGrid:
    """The grid of a root whose values were computed point by point from other tensors.

    A residual stream is a chain of such roots, each of which would ask the one before it. Where
    every axis has one meaning, the axes themselves give the coordinates and the chain ends here.

    Parameters
    ----------
    aligned : Aligned
        What the values were computed from.
    roots : Roots
        Where the coordinates of that are looked up.
    """

    def __init__(self, aligned: Aligned, roots: Roots) -> None:
        self._aligned, self._roots = aligned, roots
        self._asked = False
        self._axes: Axes | None = None

    def __call__(self, positions: Indices) -> Coordinates:
        """Return the coordinates of the elements at some positions in the storage."""
        axes = self._own_axes()
        return axes(positions) if axes else self._roots.locate(self._aligned.at(positions))

    def crossed(self, count: int, step: int, start: int) -> set[Variation] | None:
        """Return what changes over ``count`` positions from ``start``, ``step`` apart.

        None where that takes to look at every element.
        """
        return (self._own_axes() or self._aligned).crossed(count, step, start)

    def in_space(self, positions: Indices) -> list[Indices]:
        """Return the index along each spatial axis of the elements at some positions.

        Where the own axes have at most one of space, it may be rows and columns of a map, one
        after the other. What the values were computed from then tells the two apart.
        """
        axes = self._own_axes()
        own = axes.in_space(positions) if axes else []
        return own if len(own) > 1 else self._roots.in_space(self._aligned.at(positions))

    def _own_axes(self) -> Axes | None:
        """Return coordinates from the axes alone, None where an axis has no one meaning."""
        if not self._asked:
            self._asked, roles = True, self._roles()
            self._axes = Axes(self._aligned.made.geometry, lambda: roles) if roles else None
        return self._axes

    def _roles(self) -> list[Role] | None:
        """Return what each axis stands for, None where one has no or more than one meaning."""
        made = self._aligned.made
        if not made.shape or 0 in made.shape:
            return None
        whole = replace(made, origin=self._aligned)
        told = [_one_role(whole.crossed(axis)) for axis in range(len(made.shape))]
        roles = [role for role in told if role]
        if len(roles) == len(told):
            return roles
        # Geometry alone does not tell: look at one line along each axis.
        roles = []
        centre = [n // 2 for n in made.shape]
        lines = self._roots.through(whole, centre)
        for n, line in zip(made.shape, lines, strict=True):
            stands_for = role_along(line)
            # Padding has no coordinates of its own axes, and an enlarged axis has two meanings:
            # from the axes alone, its places would be counted anew and the enlargement be lost.
            if (line.at.place == NOWHERE).any() or growth_along(line) is not None:
                return None
            if stands_for is None and n > 1:
                return None
            roles.append(stands_for or "channel")
        return roles


def _one_role(met: set[Variation] | None) -> Role | None:
    """Return the one thing that changes along an axis; an axis of one element holds channels."""
    if not met:
        return None if met is None else "channel"
    (only, *others) = met
    return None if others or only == "still" else only
