"""The command group; errors of the library become exit codes."""

import errno
import os
import sys
from typing import Any

import click

import spectra
from spectra.errors import SpectraError
from spectra_cli._terminal import Terminal, terminal_options
from spectra_cli.analyze import analyze
from spectra_cli.kernels import kernels
from spectra_cli.swap import swap

GATE_FAILED, UNUSABLE, INTERNAL, INTERRUPTED = 1, 2, 3, 130
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class ExitCodes(click.Group):
    """A group whose commands end with one clear line and the exit code that fits."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; see the exit codes in the help text."""
        terminal = ctx.ensure_object(Terminal)
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except SpectraError as error:
            terminal.error(f"error: {error}")
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(UNUSABLE)
        except KeyboardInterrupt:
            terminal.error("interrupted")
            ctx.exit(INTERRUPTED)
        except (MemoryError, OSError) as error:
            terminal.error(f"error: {_shortage(error)}")
            ctx.exit(UNUSABLE)
        except Exception as error:
            terminal.error(f"internal error: {type(error).__name__}: {error}")
            if not terminal.verbose:
                terminal.error("-v shows the traceback; please report it")
            ctx.exit(INTERNAL)
        return result


def _shortage(error: MemoryError | OSError) -> str:
    if isinstance(error, MemoryError):
        return "out of memory: use a smaller --batch, --crop or --num"
    if error.errno in FULL:
        return f"the disk is full: {error.filename or 'while writing'}"
    return str(error)


@click.group(
    cls=ExitCodes,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 ok or gate passed, 1 gate failed, 2 usage or input error, "
    "3 internal error, 4 nothing to analyse, 130 interrupted.",
)
@click.version_option(spectra.__version__, prog_name="spectra", message="%(prog)s %(version)s")
@terminal_options
def main() -> None:
    """Find, score, explain and fix spectral upsampling artifacts of neural networks."""


main.add_command(analyze)
main.add_command(kernels)
main.add_command(swap)
