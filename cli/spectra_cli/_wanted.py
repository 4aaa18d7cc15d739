"""What is wanted of an analysis: where its result goes, how it is shown, what it must pass."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from spectra._printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from spectra.report import Gate, Result
    from spectra_cli._terminal import Terminal

GATES = ("fail_above", "fail_on", "baseline")
RESULT = ("out", "force", "formats", "as_json", "explain", *GATES)


@dataclass(frozen=True)
class Wanted:
    """The options of the result, checked before anything runs.

    Attributes
    ----------
    out : Path
        Its folder.
    force : bool
        Whether an old result there is replaced.
    formats : tuple of str
        Files to write.
    as_json, explain : bool
        How it is printed.
    gates : tuple of callable
        Each judges a result.
    """

    out: Path
    force: bool
    formats: tuple[str, ...]
    as_json: bool
    explain: bool
    gates: tuple[Callable[[Any], Gate], ...]

    @classmethod
    def take(cls, given: dict[str, Any], *, out: Path) -> Wanted:
        """Take the options of the result out of those that were given.

        Parameters
        ----------
        given : dict
            All options; those of `RESULT` are removed from it.
        out : Path
            Where the result goes where nothing else is said.
        """
        from spectra import report

        mine = {name: given.pop(name) for name in RESULT}
        gates: list[Callable[[Any], Gate]] = []
        if mine["fail_above"] is not None:
            report.Gate.check_limit(mine["fail_above"])
            gates.append(partial(report.Gate.above, limit_db=mine["fail_above"]))
        if mine["fail_on"] is not None:
            gates.append(partial(report.Gate.on, word=mine["fail_on"]))
        if mine["baseline"] is not None:
            before = report.Gate.read_baseline(mine["baseline"])
            gates.append(partial(report.Gate.against, baseline=before))
        return cls(
            mine["out"] or out,
            mine["force"],
            mine["formats"],
            as_json=mine["as_json"],
            explain=mine["explain"],
            gates=tuple(gates),
        )

    def prepare(self, terminal: Terminal) -> None:
        """Tidy up after a killed run; raise unless the result can be written."""
        from spectra import report

        report.check_formats(self.formats, of="analysis")
        terminal.prepare(self.out, self.force)

    def save(self, terminal: Terminal, result: Result) -> None:
        """Write the result and print the answer."""
        wrote = result.save(self.out, force=self.force, checked=True, formats=self.formats)
        terminal.note_size(wrote)
        terminal.answer(result, as_json=self.as_json, wrote=wrote, explain=self.explain)

    def judge(self, terminal: Terminal, result: Result) -> None:
        """Say which gates the result passes; exit with 1 unless it passes all."""
        gates = [gate(result.summary) for gate in self.gates]
        with terminal.answering():
            for gate in gates:
                said = "passed" if gate.passed else "failed"
                click.echo(f"Gate     {said}: {printable(gate.text)}", err=self.as_json)
        if not all(gate.passed for gate in gates):
            raise click.exceptions.Exit(1)
