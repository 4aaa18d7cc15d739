"""The variables of an output: which of them hold most of the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spectra.explain._summary import VariableRow


def loudest_first(variables: Iterable[VariableRow]) -> list[VariableRow]:
    """Return variables, those first that show a grid, and of these that of most locked energy."""

    def height(variable: VariableRow) -> tuple[bool, float]:
        told = variable.score.told_dbc
        return is_present(variable), float("-inf") if told is None else told

    return sorted(variables, key=height, reverse=True)


def is_present(variable: VariableRow) -> bool:
    """Tell whether a variable shows a grid by itself, beyond what chance gives one in many."""
    return variable.score.verdict == "present"
