"""The command in a process of its own, on a library that does what a test says."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import indent

# Imported when all is over, as many processes end before; xarray takes most of a start, and neither
# texts nor JSON need the spectra.
_TOLD = """
    from spectra.report import Result
    from support.summaries import summary
    return Result(summary(), data=None)
"""
_WHOLE = """
    from support.results import Finished
    return Finished()
"""
HANGS = 300  # seconds after which a process is given up, on however busy a machine
_START = """
import os, signal, sys, time, types
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
{first}

def load_model(*_, **__):
{load}
    return types.SimpleNamespace(notes=())

def run(*_, progress=None, **__):
{body}
{result}

import spectra.inputs, spectra.load
verbs = types.ModuleType("spectra.run")
verbs.analyze = run
verbs.check_options = lambda _: None
sys.modules["spectra.run"] = verbs
spectra.load.load_model = load_model
spectra.load.parse_arch_args = lambda given, *_: dict(given)
spectra.load.check_source = lambda *_, **__: None
spectra.inputs.check_inputs = lambda _: None
from spectra_cli.main import main
main()
"""


def command(folder, *arguments, body="pass", load="pass", first="", spectra=False, **options):
    """Start ``spectra`` in ``folder``.

    Parameters
    ----------
    folder : path
    *arguments : str
    body, load, first : str
        Python that runs instead of the analysis, instead of loading, and before all.
    spectra : bool
        Whether the result holds spectra, which ``spectra.nc`` and figures are made of.
    **options
        Of `subprocess.Popen`.
    """
    start = _START.format(
        first=first,
        body=indent(body, "    "),
        load=indent(load, "    "),
        result=_WHOLE if spectra else _TOLD,
    )
    path = [str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    how["env"] = {**os.environ, "PYTHONPATH": os.pathsep.join(path), **how.pop("env", {})}
    return subprocess.Popen([sys.executable, "-c", start, *arguments], cwd=folder, **how)
