"""The questions of a user, answered in a sentence or two each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spectra._sentence import said
from spectra.explain._sentences import QUESTIONS

if TYPE_CHECKING:
    from spectra.explain._summary import Summary


def answer(summary: Summary, *, brief: bool = False) -> dict[str, str]:
    """Return the lines below the table, one for each question in the order of `QUESTIONS`.

    Lines that do not apply are left out.

    Parameters
    ----------
    summary : Summary
        What was measured.
    brief : bool
        Only what everybody has to know, as a terminal shows it unless asked for more.
    """
    lines = {
        name: said(parts, facts(summary), brief=brief) for name, (facts, parts) in QUESTIONS.items()
    }
    return {name: text for name, text in lines.items() if text}
