"""One network of the study: trained, measured, and kept in a file of its own."""

from __future__ import annotations

import json
import math
import tempfile
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from spectra import remedy, run
from spectra._options import Options
from spectra._text import brief
from spectra.errors import LoadError
from spectra.explain import Summary
from spectra.score import Score
from spectra.study._adversarial import against
from spectra.study._batches import stacked
from spectra.study._checkpoint import write_whole
from spectra.study._correction import correction_power_db, correction_score
from spectra.study._evaluate import evaluate
from spectra.study._task import Task
from spectra.study._train import Progress, train
from spectra.study._training import Training
from spectra.study._trivial import PRIMARY, trivial_quality
from spectra.study._under_attack import under_attack
from spectra.study._variants import BUDGET, build, network_of

SCHEMA = "spectra.study/1"
SPECTRA_ATTACK = f"pgd:{BUDGET},steps=10"  # under which spectra are taken: that of Fig. 5
SIGNS = {"psnr": 1, "miou": 1, "epe": -1}  # whether more is better


@dataclass(frozen=True)
class Cell:
    """The numbers of one trained network.

    Attributes
    ----------
    network, variant : str
        Of `NETWORKS` and its variants.
    seed : int
    training : dict
        What decided the weights.
    parameters : int
        Of the whole network, parallel kernels merged into one.
    clean : dict of str to float
        The task's metrics of clean inputs.
    attacked : dict
        Of each attack: ``quality``, metrics under attack, and ``kept``, the same against the
        output of clean inputs; see `under_attack`.
    alias : dict of str to float or None
        Locked energy over the rest, dBc: ``output``, ``output_attacked``, ``change`` (of the
        attack's change of the output), ``step0``, ``step0_attacked``, ...; ``line`` and
        ``line_attacked``, what of the output's is the same at all places;
        ``grid_dependence`` of the output; of restoration ``correction``, locked energy of the
        output less the input, and ``correction_power``, its power over the picture's variance.
    bounds : tuple of str
        Those of them that are upper bounds: nothing was found above the floor.
    rejection, line : dict of str to float or None
        Of each upsampling kernel, dB, as ``spectra kernels`` gives them.
    untrained : dict of str to float or None
        Rejection before training.
    dead : bool
        No better than the answer that does not look at the input, see `trivial_quality`.
    seconds : float
        CPU time.
    """

    network: str
    variant: str
    seed: int
    training: dict[str, Any]
    parameters: int
    clean: dict[str, float]
    attacked: dict[str, dict[str, dict[str, float]]]
    alias: dict[str, float | None]
    bounds: tuple[str, ...]
    rejection: dict[str, float | None]
    line: dict[str, float | None]
    untrained: dict[str, float | None]
    dead: bool
    seconds: float
    schema: str = field(default=SCHEMA)


def cell(
    network: str,
    variant: str,
    seed: int,
    folder: Path,
    *,
    steps: int | None = None,
    progress: Progress | None = None,
) -> Cell:
    """Train one network and measure it; what is there already is read, or gone on with.

    Parameters
    ----------
    network, variant, seed
        Which.
    folder : Path
        Of the whole study; this network has a folder of its own in it.
    steps : int, optional
        Updates, by default the network's own number.
    progress : callable, optional
        As `spectra.study.train` takes it.
    """
    training = training_of(network, variant, seed, steps=steps)
    own = folder_of(folder, network, variant, seed)
    known = read_cell(own, training)
    if known is not None:
        return known
    began = time.process_time()
    of = network_of(network)
    task = of.task()
    untrained = kernels(build(network, variant, seed))
    trained = train(
        task, lambda: build(network, variant, seed), own, training=training, progress=progress
    )
    model = remedy.merged(trained.model)
    alias, bounds = spectra_of(task, model)
    measured = kernels(model)
    name = PRIMARY[task.name]
    sign = SIGNS[name]
    clean = evaluate(task, model)
    made = Cell(
        network,
        variant,
        seed,
        training=plain(training),
        parameters=sum(p.numel() for p in model.parameters()),
        clean=clean,
        attacked=under_attack(task, model, of.specs()),
        alias=alias,
        bounds=bounds,
        rejection={key: rejection for key, (rejection, _) in measured.items()},
        line={key: line for key, (_, line) in measured.items()},
        untrained={key: rejection for key, (rejection, _) in untrained.items()},
        dead=sign * clean[name] <= sign * trivial_quality(task),
        seconds=time.process_time() - began,
    )
    write_json(own / "cell.json", asdict(made))
    return made


def training_of(network: str, variant: str, seed: int, *, steps: int | None = None) -> Training:
    """Return how a network of the study is trained."""
    of = network_of(network)
    training = replace(of.training, seed=seed, keep_evaluated=True)
    if network.endswith("adversarial"):
        training = replace(training, adversarial=of.variants[variant].adversarial)
    return training if steps is None else replace(training, steps=steps)


def folder_of(folder: Path, network: str, variant: str, seed: int) -> Path:
    """Return the folder of one network."""
    return folder / network / f"{variant}-{seed}"


def spectra_of(task: Task, model: nn.Module) -> tuple[dict[str, float | None], tuple[str, ...]]:
    """Return the locked energies of a network's steps and output, and which are upper bounds."""
    samples = [task.test[n] for n in range(len(task.test))]
    batch = stacked(samples)
    with tempfile.TemporaryDirectory() as folder:
        targets = Path(folder) / "targets.npy"
        np.save(targets, task.fitting(batch.target).numpy())
        options = Options(
            range="0..1",
            num=None,
            blame=False,
            attack=str(against(task, SPECTRA_ATTACK)),
            targets=str(targets),
        )
        summary = run.analyze(model, batch.input, options=options).summary
    scores = _scores(summary)
    if task.name == "restoration":
        scores["correction"] = correction_score(model, batch.input)
    told = {name: _told(score) for name, score in scores.items()}
    alias: dict[str, float | None] = {name: value for name, (value, _) in told.items()}
    alias["grid_dependence"] = summary.output.grid_dependence_dbc
    if task.name == "restoration":
        alias["correction_power"] = correction_power_db(model, batch.input)
    alias["line"] = scores["output"].line_dbc
    alias["line_attacked"] = scores["output_attacked"].line_dbc
    return alias, tuple(name for name, (_, bounded) in told.items() if bounded)


def _scores(summary: Summary) -> dict[str, Score]:
    assert summary.attack is not None
    attack = summary.attack
    clean = {f"step{n}": row.score for n, row in enumerate(summary.steps)}
    attacked = {f"step{n}_attacked": row.score for n, row in enumerate(attack.steps)}
    return {
        "output": summary.output.score,
        "output_attacked": attack.output,
        "change": attack.change,
        **clean,
        **attacked,
    }


def _told(score: Score) -> tuple[float | None, bool]:
    """Return the locked energy, or its upper bound, and whether it is the latter."""
    if score.asr_dbc is not None:
        return score.asr_dbc, False
    return score.asr_upper_dbc, score.asr_upper_dbc is not None


def kernels(model: nn.Module) -> dict[str, tuple[float | None, float | None]]:
    """Return rejection and line gain (dB) of each upsampling kernel, parallel ones merged."""
    found = run.measure_kernels(remedy.merged(model)).layers
    return {
        layer.name: (layer.measures.rejection_db, layer.measures.line_gain_db)
        for layer in found
        if layer.measures is not None
    }


def read_cell(folder: Path, training: Training) -> Cell | None:
    """Return a network's numbers, None where there are none of such a training.

    Raises
    ------
    LoadError
        If the file is no cell.
    """
    path = folder / "cell.json"
    if not path.exists():
        return None
    found = cell_from(read_json(path), path)
    # options that came later were at their defaults then
    then = {**plain(Training()), **found.training}
    return found if then == plain(training) else None


def cell_from(text: dict[str, Any], path: Path) -> Cell:
    """Return a cell from what was written, else raise LoadError."""
    try:
        return Cell(**{**text, "bounds": tuple(text["bounds"])})
    except (KeyError, TypeError) as error:
        raise LoadError(
            f"{path} is no network of a study ({brief(error)}): delete it to measure it anew"
        ) from error


def plain(training: Training) -> dict[str, Any]:
    """Return a training as what JSON gives back."""
    result: dict[str, Any] = json.loads(json.dumps(asdict(training), default=str))
    return result


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write plain values, numbers that are not finite as null: the whole file or none of it."""
    text = json.dumps(_finite(value), indent=1, allow_nan=False) + "\n"
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))


def read_json(path: Path) -> dict[str, Any]:
    """Return what `write_json` wrote, else raise LoadError."""
    try:
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LoadError(f"{path} cannot be read ({brief(error)})") from error
    return value


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(held) for held in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
