"""A task and a model become weights: one loop, which can be stopped and goes on."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from spectra._process import random_states_kept, seed_all
from spectra._text import brief
from spectra.data import Sample
from spectra.errors import LoadError, ModelError, ParameterError
from spectra.study._adversarial import against
from spectra.study._batches import training_batches
from spectra.study._checkpoint import load_checkpoint, restore_random, save_checkpoint, write_whole
from spectra.study._evaluate import evaluated, on_device_of
from spectra.study._history import Row, draw_curve, write_table
from spectra.study._objective import Gradient
from spectra.study._optimizer import optimizer_of
from spectra.study._settings import settings
from spectra.study._task import Task
from spectra.study._team import Team
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
    notes: Mapping[str, str] | None = None,
) -> Trained:
    """Train a network and write what became of it.

    On a CPU the same seed gives the same bits, with the same version of torch and number of
    threads, whether the training was interrupted or not. Called again with the same arguments, an
    interrupted training goes on at its last checkpoint, and a finished one is read, not run.

    In a process group of `torch.distributed` all processes call this alike, and each sees a part of
    every batch. Their weights are those of one process to rounding, but for batch normalisation on
    a CPU and for dropout; the first process writes. Another number of processes can go on.

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
    notes : mapping of str to str, optional
        What else decides the weights, such as the file that an encoder began with. A folder of a
        training with others is refused.

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
        made = {**settings(task, network, training), **(notes or {})}
        run = _Run(task, network, training, folder=folder, progress=progress, made=made)
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
        made: dict[str, Any],
    ) -> None:
        self._task, self._model, self._training = task, model, training
        self._folder, self._progress = folder, progress or (lambda *_: None)
        self._settings = made
        self._optimizer, self._schedule = optimizer_of(model, training)
        self._team = Team.present()
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
            self._record(self._evaluated())
        seen = training_batches(
            self._task.train,
            self._training,
            first=self._step,
            team=self._team,
            pinned=next(self._model.parameters()).is_cuda,
        )
        gradient = Gradient(
            self._task,
            self._model,
            self._training,
            attack=against(self._task, self._training.adversarial),
            team=self._team,
        )
        if state is not None:
            restore_random(state)
        for batch in seen:
            self._losses.append(self._update(gradient, on_device_of(self._model, batch)))
            self._step += 1
            self._note()
            self._progress("training", self._step, self._training.steps)
        return self._write()

    def _evaluated(self) -> dict[str, float]:
        return evaluated(self._task, self._model, team=self._team)

    @property
    def _checkpoint(self) -> Path:
        return self._folder / "checkpoint.pt"

    def _update(self, gradient: Gradient, batch: Sample) -> float:
        """Take one step down the loss of a batch; return that loss."""
        self._optimizer.zero_grad()
        value = gradient.of(batch, step=self._step, size=self._training.batch_at(self._step))
        if not math.isfinite(value):
            raise ModelError(
                f"the loss is {value} at step {self._step + 1}: expected a finite one; lower "
                f"learning_rate={self._training.learning_rate:g} or set clip"
            )
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
            self._record(self._evaluated())
            if training.keep_evaluated:
                self._write_weights(evaluated_weights(self._folder, step))
        elif step % max(training.steps // ROWS, 1) == 0:
            self._record({})
        if step % training.checkpoint_every == 0 and not last:
            self._save()

    def _record(self, values: dict[str, float]) -> None:
        mean = sum(self._losses) / len(self._losses) if self._losses else None
        rate = self._training.learning_rate * self._training.share_of_rate(self._step)
        self._rows.append(Row(self._step, mean, rate, values))
        self._losses.clear()

    def _save(self) -> None:
        if not self._team.writes:
            return
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
        here = self._settings
        names = [name for name in {**here, **written} if written.get(name) != here.get(name)]
        if names:
            name = names[0]
            raise ParameterError(
                f"{self._folder} holds a training with {name}={written.get(name)!r}, here "
                f"{name}={here.get(name)!r}: expected the same; choose another folder"
            )

    def _write_table(self) -> None:
        if not self._team.writes:
            return
        write_whole(self._folder / "history.csv", lambda part: write_table(part, self._rows))

    def _write_weights(self, path: Path) -> None:
        from safetensors.torch import save_file

        if not self._team.writes:
            return
        held = self._model.state_dict()
        state = {name: value.detach().cpu().contiguous().clone() for name, value in held.items()}
        write_whole(path, lambda part: save_file(state, part))

    def _write(self) -> Trained:
        """Write the result; ``training.json`` comes last and says that it is complete."""
        values = self._rows[-1].values
        done = Trained(self._model.eval(), self._folder, values, tuple(self._rows))
        if not self._team.writes:
            return done
        self._write_weights(self._folder / "weights.safetensors")
        self._write_table()
        title = f"{self._task.train.source}, {type(self._model).__name__}"
        write_whole(
            self._folder / "curve.png",
            lambda part: draw_curve(part, self._rows, title=title, loss=self._task.loss),
        )
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
        return done


def evaluated_weights(folder: Path, step: int) -> Path:
    """Return the file of the weights that a training had when it was evaluated at ``step``."""
    return folder / f"weights-{step:06d}.safetensors"
