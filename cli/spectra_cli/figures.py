"""``spectra figures``: draw results again, for a paper, slides or a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spectra_cli import _figure_options as drawn
from spectra_cli import _options as options
from spectra_cli._patterns import expanded
from spectra_cli._terminal import Terminal, terminal_options


@click.command(
    cls=options.SectionedCommand,
    epilog="Example: spectra figures spectra-out/deblur --fig strip,layers --width 3.25in",
)
@click.argument("results", nargs=-1, required=True, metavar="RESULT...")
@drawn.figure_options
@drawn.figure_result_options
@terminal_options
@click.pass_obj
def figures(
    terminal: Terminal,
    /,
    results: tuple[str, ...],
    *,
    figures: tuple[str, ...],
    labels: tuple[str, ...],
    out: Path | None,
    force: bool,
    formats: tuple[str, ...],
    as_json: bool,
    **look: Any,
) -> None:
    """Draw RESULT again, several side by side in one scale, each figure with its caption.

    RESULT is a folder that spectra analyze wrote, or its summary.json; a quoted pattern stands for
    all that match. Figures, captions and tables
    come from summary.json and spectra.nc alone: no model, no inputs, no torch.
    """
    from spectra.report import Result

    paths = expanded(results)
    named = labels or tuple(map(_folder_name, paths))
    out = out or Path("spectra-out") / f"{named[0]}-figures"
    Result.check_drawing(figures, count=len(paths), labels=named, formats=formats, out=out, **look)
    terminal.prepare(out, force)

    with terminal.progress() as progress:
        read = []
        for number, path in enumerate(paths):
            progress("read", number, len(paths))
            read.append(Result.read(_folder(path)))
        progress("draw", 0, 1)
        first, *beside = read
        drawn = first.draw(figures, beside=beside, labels=named, **look)
        written = drawn.save(out, formats=formats, force=force)
    with terminal.answering():
        click.echo(drawn.json(written) if as_json else drawn.text(written), nl=False)


def _folder(path: str) -> Path:
    """Return a result's folder, which may be given by its ``summary.json``."""
    place = Path(path)
    return place.parent if place.suffix == ".json" else place


def _folder_name(path: str) -> str:
    """Return the name of a result's folder."""
    return _folder(path).absolute().name or "result"
