"""``spectra compare`` of logs: when a grid came in a training, and which training is better."""

from __future__ import annotations

from pathlib import Path

import click

from spectra._printable import printable
from spectra_cli._terminal import Terminal


def compare_logs(
    terminal: Terminal,
    sources: tuple[str, ...],
    *,
    out: Path | None,
    force: bool,
    formats: tuple[str, ...],
    as_json: bool,
    explain: bool,
    fail_worse: float | None,
    fail_on: str | None,
) -> None:
    """Compare logs of trainings, say what was found, and exit 1 where a gate failed.

    Parameters
    ----------
    terminal : Terminal
    sources : tuple of str
        CSV files that `spectra.Monitor` wrote.
    out : Path or None
        Where ``comparison.json`` and the figures go.
    force, formats, as_json, explain
        As of the command.
    fail_worse : float or None
        By how many dB the last measurement may be worse.
    fail_on : str or None
        The least severity of the last measurement that fails.
    """
    from spectra import run

    found = run.compare_logs(*sources)
    wrote = out and found.save(out, force=force, checked=True, formats=formats)
    gates = [] if fail_worse is None else [found.gate_worse(fail_worse)]
    gates += [] if fail_on is None else [found.gate_on(fail_on)]
    with terminal.answering():
        if as_json:
            click.echo(found.json(), nl=False)
        else:
            found.print(color=terminal.color, wrote=wrote, explain=explain)
        for gate in gates:
            said = "passed" if gate.passed else "failed"
            click.echo(f"Gate     {said}: {printable(gate.text)}", err=as_json)
    if not all(gate.passed for gate in gates):
        raise click.exceptions.Exit(1)
