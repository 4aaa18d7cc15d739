"""A task and a model become weights: one loop, which can be stopped and goes on."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from spectra import capture
from spectra._process import random_states_kept, seed_all
from spectra._text import brief
from spectra.data import Sample, SampleSet
from spectra.errors import LoadError, ModelError, ParameterError
from spectra.study._adversarial import against, half_attacked
from spectra.study._batches import Order, batches
from spectra.study._checkpoint import load_checkpoint, restore_random, save_checkpoint, write_whole
from spectra.study._evaluate import evaluate, on_device_of
from spectra.study._history import Row, draw_curve, write_table
from spectra.study._task import Task
from spectra.study._training import Training

ROWS = 200  # of a history, about
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Trained:
    """A network after its training.

    Attributes
    ----------
    model : Module
        In evaluation mode.
    folder : Path
        Holds ``weights.safetensors``, ``history.csv``, ``curve.png`` and ``training.json``.
    values : dict of str to float
        Metrics of the samples to test on.
    history : tuple of Row
        The first row is of the untrained network.
    """

    model: nn.Module
    folder: Path
    values: dict[str, float]
    history: tuple[Row, ...]


def train(
    task: Task,
    model: nn.Module | Callable[[], nn.Module],
    out: str | Path,
    *,
    training: Training | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Train a network and write what became of it.

    On a CPU the same seed gives the same bits, with the same version of torch and number of
    threads, whether the training was interrupted or not. Called again with the same arguments, an
    interrupted training goes on at its last checkpoint, and a finished one is read, not run.

    Parameters
    ----------
    task : Task
        `restoration`, `segmentation` or `disparity`.
    model : Module or callable
        Trained in place, on the device of its weights; or a function without arguments that
        builds it, called after the random generators were seeded. Takes pictures (B, 3, y, x), or
        views (B, 6, y, x), and returns pictures (B, 3, y, x), logits (B, classes, y, x), or
        disparities (B, 1, y, x).
    out : path
        Folder for the results, made if absent.
    training : Training, optional
        Steps, rates, attack and seed.
    progress : callable, optional
        Called with ``(what, done, total)`` after each step.

    Returns
    -------
    Trained

    Raises
    ------
    ParameterError
        If ``out`` holds a training with other settings.
    InputError
        If outputs and targets do not fit each other.
    ModelError
        If the model fails, or the loss is not finite.
    """
    training, folder = training or Training(), Path(out)
    with random_states_kept():
        seed_all(training.seed)
        network = _checked(model if isinstance(model, nn.Module) else _built(model))
        run = _Run(task, network, training, folder=folder, progress=progress)
        return run.finished() or run.to_the_end()


def _built(make: Callable[[], nn.Module]) -> object:
    if not callable(make):
        raise ParameterError(f"model={make!r}: expected a module, or a function that builds one")
    return make()


def _checked(network: object) -> nn.Module:
    """Return a model that can be trained and written, else raise ParameterError."""
    if not isinstance(network, nn.Module):
        raise ParameterError(f"model gives a {type(network).__name__}: expected a torch.nn.Module")
    if any(is_lazy(value) for value in network.parameters()):
        raise ParameterError("model has layers without a size yet: expected one that has run once")
    if not any(value.requires_grad for value in network.parameters()):
        raise ParameterError("model has no weight that can change: expected one that learns")
    strange = [n for n, v in network.state_dict().items() if not isinstance(v, torch.Tensor)]
    if strange:
        raise ParameterError(
            f"model keeps {strange[0]!r}, which is no tensor, in its state: expected weights alone"
        )
    return network


class _Run:
    """One training under way: what changes from step to step."""

    def __init__(
        self,
        task: Task,
        model: nn.Module,
        training: Training,
        *,
        folder: Path,
        progress: Progress | None,
    ) -> None:
        self._task, self._model, self._training = task, model, training
        self._folder, self._progress = folder, progress or (lambda *_: None)
        self._settings = settings(task, model, training)
        self._attack = against(task, training.adversarial)
        self._optimizer = torch.optim.AdamW(
            model.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay
        )
        self._schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimizer, training.steps)
        self._step = 0
        self._rows: list[Row] = []
        self._losses: list[float] = []  # since the last row

    def finished(self) -> Trained | None:
        """Return the result of a training that reached its end, None where there is none."""
        from safetensors.torch import load_file

        path = self._folder / "training.json"
        if not path.exists():
            return None
        try:
            written = json.loads(path.read_text(encoding="utf-8"))
            weights = load_file(self._folder / "weights.safetensors")
            rows = tuple(Row(**row) for row in written["history"])
            values, made = dict(written["values"]), dict(written["settings"])
        except Exception as error:
            raise LoadError(
                f"{path} is no result of a training ({brief(error)}): choose another folder"
            ) from error
        self._check_same(made)
        self._model.load_state_dict(weights)
        return Trained(self._model.eval(), self._folder, values, rows)

    def to_the_end(self) -> Trained:
        """Train from the last checkpoint, or from the start, and write the result."""
        state = load_checkpoint(self._checkpoint)
        if state is not None:
            self._check_same(state["settings"])
            self._take(state)
        else:
            self._write_table()  # before anything runs, it is known whether that is possible
            self._record(evaluate(self._task, self._model))
        training = self._training
        samples = self._task.train.varied(self._task.train.augmentation, seed=training.seed)
        order = Order(
            count=len(samples),
            batch=training.batch,
            seed=training.seed,
            first=self._step,
            steps=training.steps,
        )
        seen = batches(samples, order, workers=training.workers)
        if state is not None:
            restore_random(state)
        for batch in seen:
            self._losses.append(self._update(on_device_of(self._model, batch)))
            self._step += 1
            self._note()
            self._progress("training", self._step, training.steps)
        return self._write()

    @property
    def _checkpoint(self) -> Path:
        return self._folder / "checkpoint.pt"

    def _update(self, batch: Sample) -> float:
        """Take one step down the loss of a batch; return that loss."""
        x = batch.input
        if self._attack is not None:
            x = half_attacked(self._task, self._model, batch, self._attack, step=self._step)
        self._model.train()
        output = capture.forward(self._model, x)
        pixels = self._task.pixel_loss(output, self._task.fitting(batch.target))
        counted = batch.counted
        loss = torch.where(counted, pixels, 0).sum() / counted.sum().clamp(min=1)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise ModelError(
                f"the loss is {value} at step {self._step + 1}: expected a finite one; lower "
                f"learning_rate={self._training.learning_rate:g} or set clip"
            )
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if self._training.clip is not None:
            nn.utils.clip_grad_norm_(self._model.parameters(), self._training.clip)
        self._optimizer.step()
        self._schedule.step()
        return value

    def _note(self) -> None:
        """Add a row, evaluate and write a checkpoint where it is time to."""
        training, step = self._training, self._step
        last = step == training.steps
        evaluated = last or (training.evaluate_every and step % training.evaluate_every == 0)
        if evaluated:
            self._record(evaluate(self._task, self._model))
            if training.keep_evaluated:
                self._write_weights(evaluated_weights(self._folder, step))
        elif step % max(training.steps // ROWS, 1) == 0:
            self._record({})
        if step % training.checkpoint_every == 0 and not last:
            self._save()

    def _record(self, values: dict[str, float]) -> None:
        mean = sum(self._losses) / len(self._losses) if self._losses else None
        rate = float(self._schedule.get_last_lr()[0])
        self._rows.append(Row(self._step, mean, rate, values))
        self._losses.clear()

    def _save(self) -> None:
        state = {
            "settings": self._settings,
            "step": self._step,
            "model": self._model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(),
            "rows": [asdict(row) for row in self._rows],
            "losses": self._losses,
        }
        save_checkpoint(self._checkpoint, state)
        self._write_table()

    def _take(self, state: dict[str, Any]) -> None:
        self._step = state["step"]
        self._model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        self._rows = [Row(**row) for row in state["rows"]]
        self._losses = list(state["losses"])

    def _check_same(self, written: dict[str, Any]) -> None:
        names = [name for name in self._settings if written.get(name) != self._settings[name]]
        if names:
            name = names[0]
            raise ParameterError(
                f"{self._folder} holds a training with {name}={written.get(name)!r}, here "
                f"{name}={self._settings[name]!r}: expected the same; choose another folder"
            )

    def _write_table(self) -> None:
        write_whole(self._folder / "history.csv", lambda part: write_table(part, self._rows))

    def _write_weights(self, path: Path) -> None:
        from safetensors.torch import save_file

        held = self._model.state_dict()
        state = {name: value.detach().cpu().contiguous().clone() for name, value in held.items()}
        write_whole(path, lambda part: save_file(state, part))

    def _write(self) -> Trained:
        """Write the result; ``training.json`` comes last and says that it is complete."""
        self._write_weights(self._folder / "weights.safetensors")
        self._write_table()
        title = f"{self._task.train.source}, {type(self._model).__name__}"
        write_whole(
            self._folder / "curve.png",
            lambda part: draw_curve(part, self._rows, title=title, loss=self._task.loss),
        )
        values = self._rows[-1].values
        text = {
            "schema": "spectra.training/1",
            "settings": self._settings,
            "values": values,
            "history": [asdict(row) for row in self._rows],
        }
        write_whole(
            self._folder / "training.json",
            lambda part: part.write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8"),
        )
        self._checkpoint.unlink(missing_ok=True)
        return Trained(self._model.eval(), self._folder, values, tuple(self._rows))


def evaluated_weights(folder: Path, step: int) -> Path:
    """Return the file of the weights that a training had when it was evaluated at ``step``."""
    return folder / f"weights-{step:06d}.safetensors"


def settings(task: Task, model: nn.Module, training: Training) -> dict[str, Any]:
    """Return what decides the weights and the history of a training, as plain values."""
    aside = ("workers", "checkpoint_every", "keep_evaluated")
    made = {name: value for name, value in vars(training).items() if name not in aside}
    attack = against(task, training.adversarial)
    shapes = [(name, tuple(value.shape)) for name, value in model.state_dict().items()]
    architecture = hashlib.sha256(f"{model!r} {shapes}".encode()).hexdigest()
    return {
        "model": f"{type(model).__name__} {architecture[:16]}",
        "train": _about(task.train),
        "augmentation": str(task.train.augmentation),
        "test": _about(task.test),
        "loss": task.loss,
        **made,
        "adversarial": None if attack is None else str(attack),
    }


def _about(samples: SampleSet) -> str:
    """Return what tells a set from others of its name."""
    return f"{samples.source}, {len(samples)} samples, {samples.fingerprint}"
