"""What rich draws, as plain text: no trailing blanks, and escape codes only on request."""

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
        legacy_windows=False,
        highlight=False,
    )


def text_of(console: Console) -> str:
    """Return what was printed on a `text_console`."""
    assert isinstance(console.file, StringIO)
    return "".join(line.rstrip() + "\n" for line in console.file.getvalue().splitlines())
