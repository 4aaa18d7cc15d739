"""Compare results: match their steps, tell what changed, and whether it helped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import spectra
from spectra import compared
from spectra.compared import Side
from spectra.errors import ParameterError
from spectra.report import Comparison, Result

if TYPE_CHECKING:
    from torch import nn

    from spectra import load
    from spectra._options import Options, Progress

TRAINING = ("global_step", "step", "iter", "epoch")  # what checkpoints call when they were written


def compare(
    *sources: Result | load.LoadedModel | nn.Module | str | Path,
    inputs: Any = None,
    options: Options | None = None,
    names: Sequence[str] | None = None,
    loading: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    each: Callable[..., Iterable[Side]] = map,
) -> Comparison:
    """Compare results with the first of them: what changed, and did it help.

    Three or more whose names or files number them, such as ``epoch1.ckpt`` to ``epoch9.ckpt``,
    are put in the order of training, and compared with the earliest.

    Parameters
    ----------
    *sources : Result, path, LoadedModel or Module
        Two or more: results, their folders or ``summary.json``; models are analysed one after
        the other, on the same inputs and the same crops with the same options.
    inputs : anything `spectra.inputs.open_inputs` takes, optional
        What models run on; results bring their own.
    options : Options, optional
        See `spectra.analyze`; for models only.
    names : sequence of str, optional
        What they are called; by default after their files or folders.
    loading : mapping, optional
        Arguments of `spectra.load.load_model` for files of models, such as ``arch``.
    progress : callable, optional
        Called with (stage, done, total).
    each : callable
        Calls a function with each source and its name, in order, as `map` does; it may do so in
        several processes, which needs sources and inputs that are names, and no ``progress``.

    Returns
    -------
    Comparison
        Its repr is the table that the command prints.

    Raises
    ------
    ParameterError
        If there are fewer than two, names do not fit them, inputs are given without a model, or
        models beside results without inputs.
    InputError
        If a result cannot be read.

    Examples
    --------
    >>> import torch, spectra
    >>> pictures = torch.rand(16, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    >>> _ = torch.manual_seed(0)
    >>> decoder = torch.nn.ConvTranspose2d(3, 3, 3, stride=2, padding=1, output_padding=1)
    >>> better, _ = spectra.swap(decoder, "bilinear+conv3", init="default")
    >>> comparison = compare(decoder, better, inputs=pictures, names=["3x3", "bilinear"])
    >>> comparison.outcome
    'better'
    """
    given = [source if isinstance(source, Result) else _told_by(source) for source in sources]
    _check(given, inputs, names)
    called = tuple(names) if names is not None else _names(given)
    analysis = _Analysis(inputs, options, dict(loading or {}), progress)
    sides = list(each(partial(_side, analysis=analysis), given, called))
    order = _training(given, called)
    series = None
    if order is not None:
        unit, numbers = order
        series = compared.series(sides, unit, numbers)
        sides = [side for _, side in sorted(zip(numbers, sides, strict=True), key=lambda p: p[0])]
    first, *others = sides
    return Comparison(
        models=tuple(Comparison.Model(side.name, side.summary) for side in sides),
        pairs=tuple(compared.pair(first, other) for other in others),
        series=series,
        spectra_version=spectra.__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


@dataclass(frozen=True)
class _Analysis:
    """How models are analysed: all of them alike."""

    inputs: Any
    options: Options | None
    loading: dict[str, Any]
    progress: Progress | None

    def run(self, source: Any, name: str) -> Result:
        """Return the result of one model."""
        from spectra.load import load_model  # loads torch, which results do without
        from spectra.run._analyze import analyze

        def tell(stage: str, done: int, total: int) -> None:
            if self.progress is not None:
                self.progress(f"{name}: {stage}", done, total)

        model = load_model(source, **self.loading) if isinstance(source, str | Path) else source
        return analyze(model, self.inputs, options=self.options, progress=tell)


def _side(source: Any, name: str, analysis: _Analysis) -> Side:
    """Return one side; the sums of its maps, megabytes a place, are let go."""
    if isinstance(source, Result):
        result = source
    else:
        result = Result.read(source) if _is_result(source) else analysis.run(source, name)
    return Side.of(name, result.summary, result.data)


def _is_result(source: object) -> bool:
    """Tell whether a source is a result, and no model."""
    if isinstance(source, str | Path):
        return Result.is_at(source)
    return isinstance(source, Result)


def _told_by(source: Any) -> Any:
    return str(source) if isinstance(source, Path) else source


def _check(sources: Sequence[Any], inputs: Any, names: Sequence[str] | None) -> None:
    """Raise ParameterError unless these can be compared."""
    if len(sources) < 2:
        raise ParameterError(f"{len(sources)} given: expected two results or models, or more")
    if names is not None and not len(set(names)) == len(names) == len(sources):
        raise ParameterError(f"names={list(names)}: expected {len(sources)} different ones")
    results = [_is_result(source) for source in sources]
    if all(results) and inputs is not None:
        raise ParameterError("inputs are for models: expected none, as all given are results")
    if any(results) and not all(results) and inputs is None:
        model = next(str(s) for s, known in zip(sources, results, strict=True) if not known)
        raise ParameterError(
            f"{model} is no result of spectra analyze: give the inputs that the results had "
            "(--inputs), to analyse it as a model, or a folder with a summary.json"
        )


def _names(sources: Sequence[Any]) -> tuple[str, ...]:
    """Return what the sources are called: unlike each other, and no longer than that takes."""
    plain = [_named(source) for source in sources]
    short = [name.rstrip("/").rpartition("/")[2] for name in plain]
    for names in ([Path(name).stem if Path(name).suffix else name for name in short], short, plain):
        if len(set(names)) == len(names) and all(names):
            return tuple(names)
    return tuple(f"{name} ({number})" for number, name in enumerate(short, start=1))


def _named(source: Any) -> str:
    """Return where a source comes from; a summary.json is called after its folder."""
    if isinstance(source, Result):
        return source.summary.model.source
    if isinstance(source, str):
        path = Path(source)
        return str(path.parent) if path.name == "summary.json" and path.parent.name else source
    return str(getattr(source, "source", type(source).__name__))


def _training(sources: Sequence[Any], names: Sequence[str]) -> tuple[str, tuple[int, ...]] | None:
    """Return when each source was written in training, and in what unit; None if not known."""
    if len(sources) < compared.LEAST:
        return None
    return compared.numbered(names) or _written(sources)


def _written(sources: Iterable[Any]) -> tuple[str, tuple[int, ...]] | None:
    """Return what checkpoints say themselves of when they were written."""
    said = [_said_by(source) for source in sources]
    for key in TRAINING:
        numbers = tuple(
            each[key] for each in said if isinstance(each.get(key), int) and each[key] >= 0
        )
        if len(set(numbers)) == len(said):
            return key.removeprefix("global_"), numbers
    return None


def _said_by(source: Any) -> Mapping[str, Any]:
    """Return what stands beside the weights in a checkpoint; nothing of what is none."""
    if not isinstance(source, str) or _is_result(source) or not Path(source).is_file():
        return {}
    from spectra.errors import LoadError
    from spectra.load import open_torch

    try:
        content = open_torch(Path(source))
    except LoadError:
        return {}
    return content if isinstance(content, Mapping) else {}
