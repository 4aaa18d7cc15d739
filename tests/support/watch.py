"""The command in a process of its own, and what it had imported at its end."""

import json
import subprocess
import sys
from dataclasses import dataclass

_END = "\x1e"  # after what each run says, which holds none
_WATCH = """
import json, sys
from spectra_cli.main import main
for arguments in json.loads(sys.argv[1]):
    code = None
    try:
        main(arguments)
    except SystemExit as end:
        code = end.code
    print("\\x1e", end="", flush=True)
    print(json.dumps([code, sorted(sys.modules)]), end="\\x1e", file=sys.stderr, flush=True)
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
    (done,) = watched_in_turn([list(map(str, arguments))], cwd=cwd)
    return done


def watched_in_turn(runs, cwd=None):
    """Run ``spectra`` once for each list of arguments, one after the other in one process.

    What one run imported is there in all that follow: where none of them may import a thing,
    one process tells, and its start is paid once.
    """
    done = subprocess.run(
        [sys.executable, "-c", _WATCH, json.dumps(runs)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    )
    outs, errors = (text.split(_END)[:-1] for text in (done.stdout, done.stderr))
    return [_read(out, error) for out, error in zip(outs, errors, strict=True)]


def _read(stdout, stderr):
    *said, last = stderr.splitlines()
    code, modules = json.loads(last)
    return Watched(code, stdout, "\n".join(said), frozenset(modules))
