"""An assertion about a model's grid, for any test runner."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Literal

from spectra import _names as names
from spectra._options import Options
from spectra.errors import NothingToAnalyseError, ParameterError, SpectraError
from spectra.report import Gate, Result

if TYPE_CHECKING:
    from torch import nn

    from spectra.explain import Summary
    from spectra.load import LoadedModel

UPDATE = "SPECTRA_UPDATE"
WORDS = ("none", "faint", "visible", "strong")
PLACE = Path("spectra-out") / "tests"

__all__ = ["assert_no_grid"]


def assert_no_grid(
    model: LoadedModel | nn.Module | str | Path,
    inputs: Any,
    severity: Literal["faint", "visible", "strong"] = "faint",
    baseline: str | Path | None = None,
    *,
    options: Options | None = None,
) -> None:
    """Fail where the grid of a model's output is too severe, or worse than it was.

    The message is one line: how severe, its energy and period, the step that shows it, and the
    command that draws it, from a result that then lies in ``spectra-out/tests``. On a CPU the same
    model and inputs read the same each time.

    Parameters
    ----------
    model : Module, LoadedModel, str or Path
        As of `spectra.analyze`; what is on the CPU is measured there.
    inputs : anything `spectra.inputs.open_inputs` takes
        Pictures, arrays or latents; 16 small ones take seconds.
    severity : {"faint", "visible", "strong"}
        The least severity that fails.
    baseline : path, optional
        The summary of a model as good as this one has to be, a JSON file; it is written, and
        nothing else is asked, where the environment variable ``SPECTRA_UPDATE`` is 1. The test
        fails where the 95 % interval of a row lies wholly above the baseline's, and where the word
        is one that fails and severer than the baseline's.
    options : Options, optional
        See `spectra.analyze`.

    Raises
    ------
    AssertionError
        If the model fails.
    NothingToAnalyseError
        If it has no step, or the inputs are too few or too small to judge it.
    SpectraError
        If it does not run, or the baseline cannot be read or written.

    Examples
    --------
    >>> import torch
    >>> smooth = torch.nn.Upsample(scale_factor=2, mode="bilinear")
    >>> noise = torch.rand(16, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    >>> assert_no_grid(smooth, noise, severity="strong")
    """
    if severity not in WORDS[1:]:
        raise ParameterError(f"severity={severity!r}: expected {', '.join(WORDS[1:])}")
    updating = os.environ.get(UPDATE) == "1"
    before = None if baseline is None or updating else _read(baseline)
    result = _measured(model, inputs, options or Options())
    if baseline is not None and updating:
        Gate.against(result.summary, result.summary)  # what has no row to compare is no baseline
        _write(Path(baseline), result)
        return
    gates = _gates(result.summary, severity, before)
    failed = [gate.text for gate in gates if not gate.passed]
    if failed:
        found = f"{_described(result.summary)} ({'; '.join(failed)})"
        raise AssertionError(f"{found}; look at it: spectra figures {_kept(result)}")


def _measured(model: Any, inputs: Any, options: Options) -> Result:
    """Return the analysis, without the passes that only ask which step is to blame."""
    from spectra.run import analyze

    device = options.device
    if device == "auto" and not isinstance(model, str | Path):
        from spectra import _walk as walk

        device = str(walk.device(getattr(model, "model", model)))
    return analyze(model, inputs, options=replace(options, blame=False, device=device))


def _gates(summary: Summary, severity: str, before: Summary | None) -> tuple[Gate, ...]:
    """Return what is asked: the severity, and with a baseline that no row got worse.

    With a baseline the word counts where both have one.
    """
    if before is None:
        return (Gate.on(summary, severity),)
    words = [each.severity.word if each.severity else None for each in (before, summary)]
    worse = (Gate.against(summary, before),)
    if not all(word in WORDS for word in words):
        return worse
    least = max(WORDS.index(severity), WORDS.index(str(words[0])) + 1)
    return worse if least == len(WORDS) else (*worse, Gate.on(summary, WORDS[least]))


def _described(summary: Summary) -> str:
    """Return the grid of the output in words: how severe, how strong, its period, its step."""
    score, severity = summary.output.score, summary.severity
    word = severity.word if severity else score.verdict
    energy = "" if score.told_dbc is None else f" of {names.db_text(score.told_dbc)} dBc"
    period = "" if score.period is None else f", period {names.period(score.period)}"
    return f"{word} grid{energy}{period}, {_step(summary)}"


def _step(summary: Summary) -> str:
    """Return the step of which the output has most, if any is known."""
    there = [
        (dbc, step)
        for step in summary.steps
        if (dbc := step.at_output.locked_dbc) is not None and step.score.verdict == "present"
    ]
    if not there:
        return "step not known"
    dbc, step = max(there, key=lambda pair: pair[0])
    return f"most at step {step.label} ({step.kind}, {names.db_text(dbc)} dBc at the output)"


def _read(baseline: str | Path) -> Summary:
    if not Path(baseline).exists():
        raise NothingToAnalyseError(
            f"baseline={str(baseline)!r} does not exist: write it by running the test once with "
            f"{UPDATE}=1, on a model that is as it may be"
        )
    return Gate.read_baseline(baseline)


def _write(path: Path, result: Result) -> None:
    """Write a baseline, complete or not at all."""
    new = path.with_name(f".{path.name}.{token_hex(4)}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(result.json())
        new.replace(path)
    except OSError as error:
        raise SpectraError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        new.unlink(missing_ok=True)


def _kept(result: Result) -> Path:
    """Write a result into a folder of the running test, and return that."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "assert_no_grid").rpartition("::")[2]
    name = re.sub(r"[^\w.-]+", "-", test.partition(" ")[0]).strip("-")
    return result.save(PLACE / name, force=True, formats=("json", "nc"))
