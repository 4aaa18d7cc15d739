"""Run the command line with ``python -m spectra_cli``."""

import sys
from pathlib import Path

_HOME = Path(__file__).resolve().parents[1]

# -m searches the working folder first, where a checkpoint may lie with anything beside it
if not sys.flags.safe_path and sys.path[0] == str(Path.cwd()) and Path.cwd() != _HOME:
    del sys.path[0]

from spectra_cli.main import main  # noqa: E402

if __name__ == "__main__":  # a worker that is started imports this file again, under another name
    main()
