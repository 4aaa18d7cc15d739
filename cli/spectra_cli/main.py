"""The command group; errors of the library become exit codes."""

import errno
import sys
from typing import Any

import click

import spectra
from spectra.errors import SpectraError
from spectra_cli._allocator import keep_freed_memory
from spectra_cli._stop import stop
from spectra_cli._streams import flush, prepare
from spectra_cli._terminal import Terminal, terminal_options
from spectra_cli.analyze import analyze
from spectra_cli.compare import compare
from spectra_cli.figures import figures
from spectra_cli.images import images
from spectra_cli.kernels import kernels
from spectra_cli.merge import merge
from spectra_cli.repair import repair
from spectra_cli.swap import swap

UNUSABLE, INTERNAL, UNREAD = 2, 3, 141
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class ExitCodes(click.Group):
    """A group whose commands end with one clear line and the exit code that fits."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Parse, run and exit, on whatever streams and signals there are."""
        prepare()
        keep_freed_memory()
        stop.cleanup = _remove_temporary
        code, result = None, None
        with stop.installed():
            try:
                result = super().main(*args, **kwargs)
            except SystemExit as end:
                code = end.code
            except OSError as error:  # of a help text that nobody reads
                code = _unread(Terminal(), error)
            failed = flush()
            if stop.asked:
                code = stop.code
            elif _is_pacified(sys.stdout):
                code = UNREAD
            elif failed is not None and code in (None, 0):
                code = _unread(Terminal(), failed)
        if code is not None:
            sys.exit(code)
        return result

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; see the exit codes in the help text."""
        terminal = ctx.ensure_object(Terminal)
        try:
            result = super().invoke(ctx)
            stop.check()
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            terminal.error(stop.text)
            ctx.exit(stop.code)
        except Exception as error:
            ctx.exit(_failed(terminal, error))
        if terminal.unanswered is not None:
            ctx.exit(_unread(terminal, terminal.unanswered))
        return result


def _is_pacified(stream: object) -> bool:
    """Tell whether click wrapped a stream whose reader went away; the class is private."""
    return type(stream).__name__.endswith("PacifyFlushWrapper")


def _remove_temporary() -> None:
    """Remove the folders of a result that is not complete, if any was begun."""
    folder = sys.modules.get("spectra.report._temporary")
    if folder is not None:
        folder.remove_temporary()


def _failed(terminal: Terminal, error: Exception) -> int:
    """Say what went wrong in one line and return the exit code for it."""
    if stop.asked:  # a library turned the request into an error of its own
        terminal.error(stop.text)
        return stop.code
    if isinstance(error, SpectraError):
        terminal.error(f"error: {error}")
        return error.exit_code
    if isinstance(error, MemoryError | OSError) or _is_out_of_memory(error):
        terminal.error(f"error: {_shortage(error, terminal.batch)}")
        return UNUSABLE
    terminal.error(f"internal error: {type(error).__name__}: {error}")
    if not terminal.verbose:
        terminal.error("-v shows the traceback; please report it")
    return INTERNAL


def _unread(terminal: Terminal, error: OSError) -> int:
    """Return what a shell expects of a program whose output could not be written; say why."""
    if isinstance(error, BrokenPipeError):  # the reader knows
        return UNREAD
    terminal.error(f"error: {_shortage(error, None)}")
    return UNUSABLE


def _is_out_of_memory(error: Exception) -> bool:
    return type(error).__name__ == "OutOfMemoryError" or "can't allocate memory" in str(error)


def _shortage(error: Exception, batch: int | None) -> str:
    if not isinstance(error, OSError):
        if batch == 1:
            return "out of memory with one input at a time: use a smaller --crop"
        fits = 1 if batch is None else batch // 2
        return f"out of memory: try --batch {fits}, or a smaller --crop"
    if error.errno in FULL:
        return f"the disk is full: {error.filename or 'while writing'}"
    return str(error)


@click.group(
    cls=ExitCodes,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 ok or gate passed, 1 gate failed, 2 usage or input error, "
    "3 internal error, 4 nothing to analyse, 130 interrupted, 141 the reader of the output "
    "went away, 143 terminated.",
)
@click.version_option(spectra.__version__, prog_name="spectra", message="%(prog)s %(version)s")
@terminal_options
def main() -> None:
    """Find, score, explain and fix spectral upsampling artifacts of neural networks."""


main.add_command(analyze)
main.add_command(compare)
main.add_command(figures)
main.add_command(images)
main.add_command(kernels)
main.add_command(merge)
main.add_command(repair)
main.add_command(swap)
