"""The command line on an analysis that is already finished."""

from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from spectra_cli.main import main
from support.results import Finished


@pytest.fixture
def calls(monkeypatch):
    """Stand in for the library; record what the command asks of it."""
    calls = SimpleNamespace(result=Finished(), error=None, load=None, analyze=None, at_load=None)

    def load_model(source, **options):
        calls.load = (source, options)
        if calls.at_load:
            raise calls.at_load
        return SimpleNamespace(source=source, notes=("prefix 'module.' removed",))

    def analyze(model, inputs=None, *, options, progress, files=None):
        calls.analyze = (model.source, inputs, options)
        if progress:
            progress("stream inputs", 1, 2)
            progress("stream inputs", 2, 2)
        if calls.error:
            raise calls.error
        return calls.result

    for check in ("load.check_source", "inputs.check_inputs"):  # nothing named here exists
        monkeypatch.setattr(f"spectra.{check}", lambda *_, **__: None)
    monkeypatch.setattr("spectra.load.load_model", load_model)
    monkeypatch.setattr("spectra.run.analyze", analyze)
    return calls


@pytest.fixture
def spectra(tmp_path, monkeypatch):
    """Return a function that runs the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()

    def run(*arguments):
        return runner.invoke(main, [str(a) for a in arguments])

    return run
