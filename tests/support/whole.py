"""The whole command over one model: all that a user may run, and what must hold of it.

`run_whole` returns what does not hold, one `Fault` each, and raises nothing; so that a table can
be made of thousands of models and a test asserts that there is none.
"""

from __future__ import annotations

import json
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn

import spectra
from spectra import Options, report
from spectra.errors import (
    ConversionError,
    InputError,
    ModelError,
    NothingToAnalyseError,
    ParameterError,
    SpectraError,
)
from spectra.explain import Summary
from spectra.probe._flat_field import _SIDES
from spectra.report import KernelTable, Result
from spectra.report._kernel_text import kernels_csv
from spectra.run import list_steps, measure_kernels, try_swap
from support.energy_bounds import energy_faults
from support.left_as_it_came import State
from support.statements import statement_faults

SPECTRA = str(Path(spectra.__file__).parent)
GUESSED_SIDE = 24  # of an input that is not given
LONGEST_MESSAGE = 1000  # characters of an error that is one clear sentence
UNCLEAR = ("Traceback", "object at 0x", "<function", "<class")


@contextmanager
def small_flat_fields() -> Iterator[None]:
    """Keep flat fields small, which grow to 1024 px and would take most of the time."""
    with patch.dict(_SIDES, dict.fromkeys(_SIDES, (16, 64))):
        yield


@dataclass(frozen=True)
class Fault:
    """Something that does not hold.

    Attributes
    ----------
    stage : str
        What was run.
    kind : str
        What faults of one cause have in common: an error and where it was raised, or the
        name of what does not hold.
    text : str
    """

    stage: str
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.stage}: {self.kind}: {self.text}"


@dataclass(frozen=True)
class Whole:
    """What came of it.

    Attributes
    ----------
    faults : list of Fault
    summary : Summary or None
        Of the analysis with inputs; None where that ended with an error.
    """

    faults: list[Fault]
    summary: Summary | None


class Faults:
    """Collects faults; a stage that fails ends there, and the next one starts."""

    def __init__(self) -> None:
        self.found: list[Fault] = []
        self._own: set[tuple[type[Warning], str]] = set()

    def add(self, stage: str, kind: str, text: object) -> None:
        self.found.append(Fault(stage, kind, " ".join(str(text).split())[:400]))

    @contextmanager
    def of_the_model(self) -> Iterator[None]:
        """Remember which warnings a bare model gives: they are its own."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
        self._own |= {(w.category, str(w.message)) for w in caught}

    @contextmanager
    def stage(self, name: str, *allowed: type[SpectraError]) -> Iterator[None]:
        """Note errors but those allowed, which must be clear, and every warning."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                yield
            except SpectraError as error:
                self._judge(name, error, allowed)
            except Exception as error:
                self.add(name, _where(error), error)
        for warning in caught:
            if (warning.category, str(warning.message)) not in self._own:
                where = f"{_short(warning.filename)}:{warning.lineno}"
                kind = f"{warning.category.__name__} at {where}"
                self.add(name, kind, warning.message)

    def _judge(self, name: str, error: SpectraError, allowed: tuple[type, ...]) -> None:
        text = str(error)
        if not isinstance(error, allowed):
            self.add(name, _where(error), text)
        if not text or "\n" in text or len(text) > LONGEST_MESSAGE or _any(UNCLEAR, text):
            self.add(name, f"unclear {type(error).__name__}", text)


def run_whole(
    model: nn.Module,
    inputs: Tensor,
    folder: Path,
    *,
    upsamples: bool = True,
    thorough: bool = True,
    formats: tuple[str, ...] | None = None,
    seed: int = 0,
) -> Whole:
    """Run everything over a model, with its inputs and without.

    Parameters
    ----------
    model : Module
    inputs : Tensor, shape (B, C, *spatial) or (B, C)
    folder : path
        Results go below it.
    upsamples : bool
        Whether a step must be found; if not, it may be.
    thorough : bool
        Also write netCDF and figures, add all layers, and analyse what a swap makes of the model.
    formats : tuple of str, optional
        What is written of an analysis, in place of that.
    seed : int
        Of torch's generator before each stage.
    """
    faults, summary = Faults(), None
    formats = formats or (("json", "nc", "png", "html") if thorough else ("json",))
    torch.manual_seed(seed)
    state = State(model)
    with torch.no_grad(), faults.of_the_model():
        type(model).eval(model)(inputs[:1].to(state.dtype or inputs.dtype))
    state.restore_mode(model)
    state.again(model)
    none = () if upsamples else (NothingToAnalyseError,)
    with faults.stage("analyze", *none):
        result = spectra.analyze(model, inputs)
        summary = result.summary
        _check(faults, "analyze", result, folder / "with", formats)
        with faults.stage("energy"):
            for text in energy_faults(model, inputs, result):
                faults.add("energy", "more than there is", text)
    with faults.stage("list", *none):
        steps = report.StepList(list_steps(model, inputs))
        steps.text(), steps.json()
    small = Options(crop=GUESSED_SIDE)
    guessed = (NothingToAnalyseError, InputError, ModelError)
    with faults.stage("analyze without inputs", *guessed):
        result = spectra.analyze(model, options=small)
        _check(faults, "analyze without inputs", result, folder / "without", formats)
    with faults.stage("kernels", NothingToAnalyseError):
        _kernels(measure_kernels(model), folder / "kernels", thorough=thorough)
    if weights := dict(state.weights):
        with faults.stage("kernels of weights", NothingToAnalyseError):
            _kernels(measure_kernels(weights), folder / "weights", thorough=False)
    with faults.stage("swap without inputs", ConversionError, *guessed):
        _swap(model, None, small)
    if thorough:
        with faults.stage("analyze with blame and all layers", *none):
            result = spectra.analyze(model, inputs, options=Options(layers=("*",), blame=True))
            for kind, told in statement_faults(result.summary, repr(result)):
                faults.add("analyze with blame", kind, told)
            result.save(folder / "layers", formats=("nc", "png"))
        with faults.stage("analyze attacked", UnattackableError, *none):
            _attacked(faults, model, inputs, folder / "attacked")
        with faults.stage("swap", ConversionError, *none):
            _swap(model, inputs, Options())
    for text in state.differences(model):
        faults.add("model", "not left as it came", text)
    return Whole(faults.found, summary)


def _check(
    faults: Faults, stage: str, result: Result, folder: Path, formats: tuple[str, ...]
) -> None:
    """Check what an analysis says, and that what it writes is read again."""
    text = repr(result)
    for kind, told in statement_faults(result.summary, text):
        faults.add(stage, kind, told)
    with faults.stage(f"{stage}, save"):
        result.save(folder, formats=formats)
        again = Result(report.read_summary(folder), result.data)
        if json.loads(again.json()) != json.loads(result.json()):
            faults.add(stage, "JSON reads otherwise", folder)
    if "nc" in formats:
        with faults.stage(f"{stage}, netCDF"):
            tree = report.read_tree(folder)
            if set(tree.groups) != set(result.data.groups):
                faults.add(stage, "netCDF has other groups", tree.groups)
            for node in result.data.subtree:
                if not tree[node.path].to_dataset().equals(node.to_dataset()):
                    faults.add(stage, "netCDF reads otherwise", node.path)
    if "png" in formats and result.summary.inputs.used:
        drawn = {path.stem for path in folder.glob("figures/*.png")}
        varied = float(result.data["output"].attrs["maps"]) > 0
        places = result.data.children
        wanted = {"strip", "profiles", "worst", *({"crop"} & set(places))}
        wanted |= {"where", "crop"} if "where" in places else set()
        if varied and not drawn >= wanted:
            faults.add(stage, "a figure is missing", sorted(drawn))


def _attacked(faults: Faults, model: nn.Module, inputs: Tensor, folder: Path) -> None:
    """Check what an analysis says of attacked inputs, and that what it writes is read again."""
    options = Options(attack="pgd:eps=0.05,steps=1", blame=False)
    try:
        result = spectra.analyze(model, inputs, options=options)
    except (ModelError, ParameterError) as error:
        told = (
            "no gradient comes through",
            "is no map",
            "not finite in step",
            "holds NaN or infinite",
        )
        if any(words in str(error) for words in told):
            raise UnattackableError(str(error)) from error
        raise
    for kind, told in statement_faults(result.summary, repr(result)):
        faults.add("analyze attacked", kind, told)
    row = result.summary.attack
    if row is None or "attack" not in result.summary.answer:
        faults.add("analyze attacked", "nothing is said", row)
    elif row.input_largest > 0.05 * (1 + 1e-3):
        faults.add("analyze attacked", "beyond its budget", row.input_largest)
    result.save(folder, formats=("json", "nc", "png", "html"))
    if set(report.read_tree(folder).groups) != set(result.data.groups):
        faults.add("analyze attacked", "netCDF has other groups", folder)


class UnattackableError(ModelError):
    """A model that no attack by gradients reaches, as the message says."""


def _kernels(table: KernelTable, folder: Path, *, thorough: bool) -> None:
    table.text(), table.json(), kernels_csv(table)
    if thorough:
        table.save(folder)
        assert KernelTable.read(folder) == table


def _swap(model: nn.Module, inputs: Tensor | None, options: Options) -> None:
    trial = try_swap(model, inputs, options=options)
    trial.text(), trial.json()
    assert not trial.changes or np.isfinite(trial.max_difference)


def _where(error: Exception) -> str:
    """Return the kind of an error and the innermost place in spectra that it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if f.filename.startswith(SPECTRA)] or frames
    last = own[-1]
    return f"{type(error).__name__} in {_short(last.filename)}:{last.name}"


def _short(path: str) -> str:
    """Return the last two parts of a path."""
    return "/".join(Path(path).parts[-2:])


def _any(words: tuple[str, ...], text: str) -> bool:
    return any(word in text for word in words)
