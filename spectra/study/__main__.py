"""Ask what the upsampling kernel does to networks that differ in nothing else.

``python -m spectra.study --task restoration`` trains and measures, in pairs, what is not there
yet; ``python -m spectra.study train --config NAME --data FOLDER`` trains one network, and after
``torchrun --nproc-per-node 4 -m spectra.study`` on several GPUs. What was stopped goes on when the
same command is given again.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO

os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # else each process warns of weights unused

from spectra.errors import SpectraError
from spectra.study._study_command import add_study
from spectra.study._team import linger
from spectra.study._train import Progress
from spectra.study._train_command import add_train

RANK = int(os.environ.get("RANK", "0"))  # of the processes that torchrun began


def main() -> None:
    """Parse, run the command, and print its answer."""
    arguments = _parsed()
    try:
        with _progress() as progress:
            answer = arguments.answer(arguments, progress)
        if answer:  # of several processes one answers
            print(answer)
    except SpectraError as error:
        print(f"spectra: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("spectra: stopped; the same command goes on at the last checkpoint", file=sys.stderr)
        sys.exit(130)


def _parsed() -> argparse.Namespace:
    """Return what was asked for; what cannot be understood is said by one process alone."""
    if RANK == 0:
        return _parser().parse_args()
    try:
        with redirect_stderr(StringIO()):
            return _parser().parse_args()
    except SystemExit:
        linger()
        raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m spectra.study",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_study(parser)
    add_train(parser.add_subparsers(metavar="train"))
    return parser


@contextmanager
def _progress() -> Iterator[Progress]:
    """Yield what shows how far a training is: a bar on a terminal, nothing elsewhere."""
    if RANK or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bars

    with Bars(console=Console(file=sys.stderr), transient=True) as bars:
        bar = bars.add_task("training", total=None)
        yield lambda what, done, total: bars.update(
            bar, description=what, completed=done, total=total
        )


if __name__ == "__main__":
    main()
