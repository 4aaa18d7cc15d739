"""``spectra compare`` of two folders of pictures: whose grid is stronger."""

from __future__ import annotations

from pathlib import Path

import click

from spectra._printable import printable
from spectra_cli._cluster import Staff, looking
from spectra_cli._terminal import Terminal


def compare_pictures(
    terminal: Terminal,
    sources: tuple[str, ...],
    *,
    staff: Staff,
    num: int,
    out: Path | None,
    force: bool,
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
        Where ``comparison.json`` goes.
    force, as_json
        As of the command.
    fail_worse : float or None
        By how many dB of ripple the second may be worse.
    fail_on : str or None
        The least severity of the second that fails.
    """
    from spectra import report, run

    first, second = sources
    with terminal.progress() as progress, looking(staff, terminal) as each:
        found = run.compare_pictures(first, second, num=num, progress=progress, **each)
    wrote = out and found.save(out, force=force, checked=True)
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
