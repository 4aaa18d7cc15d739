"""Everything that a training is asked for: a shipped file of settings, one's own, or options."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from importlib import resources
from pathlib import Path
from typing import Any

from spectra._files import read_whole
from spectra._text import brief, suggestion
from spectra.attack._spec import LossName
from spectra.data import Augmentation
from spectra.data._sample import TaskName
from spectra.errors import ParameterError
from spectra.study._sets import SETS
from spectra.study._stages import Stage
from spectra.study._training import Training

TASKS: dict[TaskName, tuple[str, LossName]] = {
    "restoration": ("gopro", "psnr"),
    "segmentation": ("pascal_voc", "cross_entropy"),
    "disparity": ("scene_flow", "epe"),
}
"""Of each task: the set that a folder is taken for, and what is lowered."""


@dataclass(frozen=True)
class Config:
    """What a training is asked for.

    Attributes
    ----------
    task : str
        ``restoration``, ``segmentation`` or ``disparity``.
    model : str
        ``pkg.mod:factory`` or ``path/file.py:factory``.
    name : str
        Of the file, without its ending.
    loss : str, optional
        By default the task's usual one.
    matching : bool
        Whether STTR is trained by its authors' loss.
    encoder : str
        Whose published weights the encoder began with, in the paper; for messages.
    arguments : mapping
        Of the factory.
    set, options : str and mapping
        Name of the set, and how it is opened.
    augmentation : Augmentation, optional
        By default the paper's for the task.
    mean, std : tuple of float
        Of each channel, by which pictures are normalised.
    training : mapping
        Arguments of `Training`.
    epochs : int, optional
        Rounds through the samples, in the place of steps.
    steps : int, optional
        Updates, in the place of those above; stages and hold keep their shares.
    adversarial : str
        Attack that adversarial training takes where none is named.
    reduce : int
        How many pixels along each axis become one of the pictures to test on.
    attacks : tuple of str
        Under which the trained network is evaluated.
    attacked_samples : int, optional
        How many samples the attacks look at, evenly spread; all by default.
    """

    task: TaskName
    model: str
    name: str = ""
    loss: LossName | None = None
    matching: bool = False
    encoder: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    set: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    augmentation: Augmentation | None = None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    training: Mapping[str, Any] = field(default_factory=dict)
    epochs: int | None = None
    steps: int | None = None
    adversarial: str = ""
    reduce: int = 1
    attacks: tuple[str, ...] = ()
    attacked_samples: int | None = None

    def __post_init__(self) -> None:
        _check_name("task", self.task, TASKS)
        if not self.set:
            object.__setattr__(self, "set", TASKS[self.task][0])
        _check_name("set", self.set, SETS)
        if SETS[self.set].task != self.task:
            raise ParameterError(
                f"set={self.set!r} of task={self.task!r}: expected a set of {self.task}"
            )
        if self.epochs is not None and (self.training.get("stages") or "steps" in self.training):
            raise ParameterError(
                f"epochs={self.epochs} beside steps or stages: expected one of them, which all say "
                "how long a training is"
            )

    def training_on(self, count: int) -> Training:
        """Return the training for a set of so many samples.

        Raises
        ------
        ParameterError
            If a setting is unknown or out of range.
        """
        made = Training(**self.training)
        if self.epochs is not None:
            steps = self.epochs * max(count // made.batch, 1)  # whole batches, as published
            made = replace(made, steps=steps)
        return made if self.steps is None else made.lasting(self.steps)

    def varied(self) -> Augmentation:
        """Return how samples to train on are varied."""
        return self.augmentation or Augmentation.of_paper(self.task)

    def with_batch(self, batch: int) -> Config:
        """Return the same with another batch, in every stage."""
        stages = tuple(replace(stage, batch=batch) for stage in self.training.get("stages", ()))
        return replace(self, training={**self.training, "batch": batch, "stages": stages})

    def with_crop(self, crop: tuple[int, int]) -> Config:
        """Return the same with crops of another size, in every stage."""
        stages = tuple(replace(stage, crop=crop) for stage in self.training.get("stages", ()))
        return replace(
            self,
            augmentation=replace(self.varied(), crop=crop),
            training={**self.training, "stages": stages},
        )


def shipped() -> list[str]:
    """Return the names of the shipped files of settings."""
    return sorted(Path(entry.name).stem for entry in _folder().iterdir())


def read_config(given: str) -> Config:
    """Return the settings in a shipped file, by name, or in a file by path.

    Raises
    ------
    ParameterError
        If there is no such file, it is no TOML, or holds what no training knows.
    """
    path = Path(given)
    if path.suffix != ".toml" and not path.is_file():
        _check_name("config", given, shipped())
        text = (_folder() / f"{given}.toml").read_text(encoding="utf-8")
    else:
        try:
            text = read_whole(path).decode()
        except (OSError, UnicodeDecodeError) as error:
            raise ParameterError(
                f"config={given!r} cannot be read ({brief(error)}): expected a file of settings, "
                f"or one of {', '.join(shipped())}"
            ) from error
    try:
        return _config(tomllib.loads(text), path.stem)
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise ParameterError(f"config={given!r} is no file of settings: {brief(error)}") from error
    except ParameterError as error:
        raise ParameterError(f"config={given!r}: {error}") from error


def _folder() -> Any:
    return resources.files("spectra.study") / "configs"


def _config(held: dict[str, Any], name: str) -> Config:
    """Return settings of a parsed file; its tables become what they describe."""
    parts = {"data": dict(held.pop("data", {})), "training": dict(held.pop("training", {}))}
    for table in ("normalisation", "adversarial", "evaluation"):
        parts[table] = dict(held.pop(table, {}))
    vary = held.pop("augmentation", None)
    training = parts["training"]
    stages = tuple(_made(Stage, stage) for stage in training.pop("stages", ()))
    _check_keys(training, [*(f.name for f in fields(Training)), "epochs"])
    _check_keys(parts["normalisation"], ["mean", "std"])
    _check_keys(parts["adversarial"], ["attack"])
    _check_keys(parts["evaluation"], ["reduce", "attacks", "attacked_samples"])
    flat = {
        **held,
        "name": name,
        "set": parts["data"].pop("set", ""),
        "options": parts["data"],
        "augmentation": None if vary is None else _made(Augmentation, vary),
        "epochs": training.pop("epochs", None),
        "training": {**training, "stages": stages},
        "adversarial": parts["adversarial"].get("attack", ""),
        **{key: tuple(values) for key, values in parts["normalisation"].items()},
        **parts["evaluation"],
    }
    config: Config = _made(Config, flat)
    return config


def _made(kind: Any, values: Mapping[str, Any]) -> Any:
    """Return a record of a table, lists as tuples; unknown names are refused."""
    _check_keys(values, [f.name for f in fields(kind)])
    return kind(**{key: tuple(v) if isinstance(v, list) else v for key, v in values.items()})


def _check_keys(values: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in values:
        _check_name("setting", key, known)


def _check_name(what: str, name: str, known: Any) -> None:
    if name not in known:
        raise ParameterError(f"{what}={name!r}: {suggestion(str(name), list(known))}")
