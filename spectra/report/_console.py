"""What rich draws, as plain text: no trailing blanks, and escape codes only on request."""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import StringIO

from rich.console import Console

PLAIN_WIDTH = 120


def text_console(width: int | None = None, *, color: bool = False) -> Console:
    """Return a console that keeps what is printed on it, for `text_of`."""
    return Console(
        file=StringIO(),
        width=width or PLAIN_WIDTH,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        force_jupyter=False,  # or it shows the text itself and keeps nothing
        legacy_windows=False,
        highlight=False,
    )


def text_of(console: Console) -> str:
    """Return what was printed on a `text_console`."""
    assert isinstance(console.file, StringIO)
    return "".join(line.rstrip() + "\n" for line in console.file.getvalue().splitlines())


def print_text(render: Callable[[int, bool], str], *, color: bool) -> None:
    """Print what ``render`` returns for the width of stdout, and whether it shows colours.

    Parameters
    ----------
    render : callable
        Called with the columns, 120 where stdout is no terminal, and whether to colour.
    color : bool
        Whether colours are wanted; they are left out where stdout is no terminal.
    """
    console = Console(
        file=sys.stdout,
        width=None if sys.stdout.isatty() else PLAIN_WIDTH,
        no_color=None if color else True,
        force_jupyter=False,
        highlight=False,
    )
    sys.stdout.write(render(console.width, console.is_terminal and not console.no_color))
