"""``spectra compare`` of two folders of pictures: whose grid is stronger."""

from __future__ import annotations

from pathlib import Path

import click

from spectra._printable import printable
from spectra.errors import ParameterError
from spectra_cli._cluster import Staff, looking
from spectra_cli._terminal import Terminal
from spectra_cli._typed import OF_MODELS, options_typed

OF_PICTURES = ("--num", "--workers", "--scheduler")  # of the options that say how models are run
NOT_OF_PICTURES = ("--markdown", "--junit")  # of those that say what is written


def compare_pictures(
    terminal: Terminal,
    sources: tuple[str, ...],
    *,
    staff: Staff,
    num: int,
    out: Path | None,
    force: bool,
    formats: tuple[str, ...],
    per_image: Path | None,
    as_json: bool,
    fail_worse: float | None,
    fail_on: str | None,
) -> None:
    """Compare two folders, say what was found, and exit 1 where a gate failed.

    Parameters
    ----------
    terminal : Terminal
    sources : tuple of str
        The two folders.
    staff : Staff
        Who looks at them.
    num : int
        At most so many pictures of each.
    out : Path or None
        Where the result folder goes.
    force, formats, as_json
        As of the command.
    per_image : Path or None
        Where a row a picture goes, as CSV.
    fail_worse : float or None
        By how many dB of pattern or ripple the second may be worse.
    fail_on : str or None
        The least severity of the second that fails.
    """
    from spectra import report, run

    _refuse_options_of_models()
    if per_image is not None:
        report.PictureReport.check_csv(per_image)
    first, second = sources
    with terminal.progress() as progress, looking(staff, terminal) as each:
        found = run.compare_pictures(first, second, num=num, progress=progress, **each)
    wrote = out and found.save(out, force=force, checked=True, formats=formats)
    if per_image is not None:
        found.write_csv(per_image)
    gates = []
    if fail_worse is not None:
        gates.append(report.Gate.pictures_not_worse(found.stronger, fail_worse))
    if fail_on is not None:
        gates.append(report.Gate.pictures_on(found.second, fail_on))
    with terminal.answering():
        if as_json:
            click.echo(found.json(), nl=False)
        else:
            found.print(color=terminal.color, wrote=wrote)
        for gate in gates:
            said = "passed" if gate.passed else "failed"
            click.echo(f"Gate     {said}: {printable(gate.text)}", err=as_json)
    if not all(gate.passed for gate in gates):
        raise click.exceptions.Exit(1)


def _refuse_options_of_models() -> None:
    """Raise ParameterError where an option was typed that says nothing of pictures."""
    context = click.get_current_context()
    typed = [
        *(o for o in options_typed(context, OF_MODELS) if o not in OF_PICTURES),
        *(o for o in options_typed(context, ("Result", "Gate")) if o in NOT_OF_PICTURES),
    ]
    if typed:
        raise ParameterError(
            f"{', '.join(typed)}: for models and their results only, and these are folders of "
            "pictures: leave such options out"
        )
