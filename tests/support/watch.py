"""The command in a process of its own, and what it had imported at its end."""

import json
import subprocess
import sys
from dataclasses import dataclass

_WATCH = """
import json, sys
from spectra_cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    print(json.dumps([end.code, sorted(sys.modules)]), file=sys.stderr)
"""


@dataclass(frozen=True)
class Watched:
    """What a run of the command said and imported."""

    code: int
    stdout: str
    stderr: str
    modules: frozenset[str]


def watched(*arguments, cwd=None):
    """Run ``spectra`` with these arguments and return what it said and imported."""
    done = subprocess.run(
        [sys.executable, "-c", _WATCH, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    )
    *said, last = done.stderr.splitlines()
    code, modules = json.loads(last)
    return Watched(code, done.stdout, "\n".join(said), frozenset(modules))
