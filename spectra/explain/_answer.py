"""The six questions of a user, answered in a sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spectra.explain._sentence import said
from spectra.explain._sentences import QUESTIONS

if TYPE_CHECKING:
    from spectra.explain._summary import Summary


def answer(summary: Summary) -> dict[str, str]:
    """Return the lines below the table: verdict, where, looks, why, not, but, try, trust.

    Lines that do not apply are left out.
    """
    lines = {name: said(parts, facts(summary)) for name, (facts, parts) in QUESTIONS.items()}
    return {name: text for name, text in lines.items() if text}
