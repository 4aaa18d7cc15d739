"""A result is its text: what a notebook shows and what a terminal prints."""

from __future__ import annotations

from abc import ABC, abstractmethod
from os import PathLike


class Printed(ABC):
    """A result whose repr is its text."""

    @abstractmethod
    def text(
        self,
        *,
        width: int | None = None,
        color: bool = False,
        wrote: str | PathLike[str] | None = None,
        explain: bool = False,
    ) -> str:
        """Return the result as text.

        Parameters
        ----------
        width : int, optional
            Columns, 120 by default; where a table does not fit, a row takes two lines.
        color : bool
            With terminal colours; without, the text holds no escape code.
        wrote : path, optional
            Where the result was written.
        explain : bool
            With what the columns mean, and the longer answers, where there are any.
        """

    def __repr__(self) -> str:
        return self.text()

    def print(
        self,
        *,
        color: bool = True,
        wrote: str | PathLike[str] | None = None,
        explain: bool = False,
    ) -> None:
        """Print the text on stdout, in colour where that is a terminal which shows any."""
        from spectra.report._console import print_text  # loads rich, which only printing needs

        print_text(
            lambda width, shown: self.text(width=width, color=shown, wrote=wrote, explain=explain),
            color=color,
        )
