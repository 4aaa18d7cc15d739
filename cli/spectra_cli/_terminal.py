"""What the commands share: quiet and verbose, colour, and where output goes."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from spectra._printable import printable
from spectra_cli._stop import stop
from spectra_cli._streams import silence

if TYPE_CHECKING:
    from pathlib import Path

    from spectra.report import KernelTable, PictureReport, Result

LARGE = 2_000_000  # bytes of a report
Progress = Callable[[str, int, int], None]
Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass
class Terminal:
    """How one run talks: the answer on stdout, everything else on stderr."""

    quiet: bool = False
    verbose: bool = False
    color: bool = True
    batch: int | None = None
    unanswered: OSError | None = None

    def note(self, text: str) -> None:
        """Say something beside the answer, unless quiet."""
        if not self.quiet:
            self._say(text)

    def error(self, text: str) -> None:
        """Say what went wrong, in verbose mode with the traceback."""
        if self.verbose:
            with suppress(OSError):
                traceback.print_exc()
        self._say(text)

    def _say(self, text: str) -> None:
        with suppress(OSError):  # nobody listens: the answer and the exit code are still due
            click.echo(f"spectra: {printable(text)}", err=True)

    def prepare(self, out: Path, force: bool) -> None:
        """Tidy up after a killed run; raise unless a result can be written to ``out``."""
        from spectra import report

        for done in report.recover(out):
            self.note(done)
        report.check_target(out, force)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Write the answer inside the block; where that fails, remember it and go on."""
        try:
            yield
            sys.stdout.flush()
        except OSError as error:
            self.unanswered = error
            silence("stdout")

    def answer(
        self,
        result: Result | KernelTable | PictureReport,
        *,
        as_json: bool,
        wrote: Path,
        explain: bool = False,
    ) -> None:
        """Print a result as JSON, or as a table for people."""
        with self.answering():
            if as_json:
                click.echo(result.json(), nl=False)
            else:
                result.print(color=self.color, wrote=wrote, explain=explain)

    def note_size(self, wrote: Path) -> None:
        """Say how large the report is, where a mail may not take it."""
        page = wrote / "report.html"
        if page.exists() and (size := page.stat().st_size) > LARGE:
            self.note(f"{page} has {size / 1e6:.1f} MB")

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Yield a function that shows ``(what, done, total)``: bars only on a terminal.

        The library calls it once a batch; a signal that came since then ends the run there.
        """
        with stop.between_batches(), self._shown() as shown:

            def show(what: str, done: int, total: int) -> None:
                stop.check()
                with suppress(OSError):
                    shown(what, done, total)

            yield show

    @contextmanager
    def _shown(self) -> Iterator[Progress]:
        if self.quiet:
            yield lambda *_: None
        elif sys.stderr.isatty():
            with _bars(color=self.color) as bars:
                yield bars
        else:
            yield self._stages()

    def _stages(self) -> Progress:
        seen: set[str] = set()

        def show(what: str, done: int, total: int) -> None:
            if what not in seen:
                seen.add(what)
                self.note(what)

        return show


@contextmanager
def _bars(*, color: bool) -> Iterator[Progress]:
    from rich import progress
    from rich.console import Console

    console = Console(file=sys.stderr, no_color=None if color else True, highlight=False)

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, progress.TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total or None)
            bars.update(tasks[what], completed=done, total=total or None)

        yield show


def terminal_options(command: Command) -> Command:
    """Add ``-q``, ``-v`` and ``--no-color``, which stand before or after a command's name."""
    for flags, name, value, text in (
        (("--no-color",), "color", False, "No colours; NO_COLOR=1 does the same."),
        (("-v", "--verbose"), "verbose", True, "Show tracebacks."),
        (("-q", "--quiet"), "quiet", True, "No progress and no notes."),
    ):
        command = click.option(
            *flags,
            f"terminal_{name}",
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_setter(name, value),
            help=text,
        )(command)
    return command


def _setter(name: str, value: bool) -> Callable[[click.Context, click.Parameter, bool], None]:
    def callback(context: click.Context, _: click.Parameter, given: bool) -> None:
        terminal = context.ensure_object(Terminal)
        if given:
            setattr(terminal, name, value)

    return callback
