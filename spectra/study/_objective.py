"""What a training lowers, and its gradient, whatever parts and processes share a batch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from spectra import capture
from spectra.attack import AttackSpec
from spectra.capture._forward import returned_by
from spectra.data import Sample
from spectra.errors import ModelError
from spectra.study._adversarial import half_attacked
from spectra.study._batches import part_of, pieces, share
from spectra.study._matching import matching_losses
from spectra.study._task import Task
from spectra.study._team import Team
from spectra.study._training import Precision, Training


class Objective(nn.Module):
    """The sum of a model's losses for a batch, as a module, so that processes can share it.

    Parameters
    ----------
    task : Task
    model : Module
        Takes inputs that are normalised as the task says.
    precision : {"float32", "bfloat16"}
        Of most of the model's operations.
    """

    def __init__(self, task: Task, model: nn.Module, precision: Precision) -> None:
        super().__init__()
        self.task, self.model, self._precision = task, model, precision

    def output(self, x: Tensor) -> Tensor:
        """Return the model's output for inputs in 0..1, in single precision."""
        with self._cast(x):
            return capture.forward(self.model, self.task.normalised(x)).float()

    def forward(self, x: Tensor, batch: Sample) -> Tensor:
        """Return the sum of the losses of ``x``, whose targets are those of ``batch``."""
        if self.task.matching:
            with self._cast(x):
                found = returned_by(self.model, self.task.normalised(x), method="matched")
            parts = {name.removeprefix("."): part.float() for name, part in found.items()}
            _check_plan(parts, self.model)
            return matching_losses(parts, batch).sum()
        losses = self.task.pixel_loss(self.output(x), self.task.fitting(batch.target))
        return torch.where(batch.counted, losses, 0).sum()

    def count(self, batch: Sample) -> Tensor:
        """Return how many losses are summed: of pixels that count, or of pairs."""
        if self.task.matching:
            return torch.tensor(len(batch.input), device=batch.input.device)
        return batch.counted.sum()

    def _cast(self, x: Tensor) -> AbstractContextManager[object]:
        if self._precision == "float32":
            return nullcontext()
        return torch.autocast(x.device.type, torch.bfloat16)


class Gradient:
    """The gradient of the mean loss of each batch, summed over its parts and the processes.

    Parameters
    ----------
    task : Task
    model : Module
        Its gradients are set.
    training : Training
        Says how much is passed at once, and in which precision.
    attack : AttackSpec, optional
        On the first half of each batch.
    team : Team
        Who has a part of each batch.
    """

    def __init__(
        self,
        task: Task,
        model: nn.Module,
        training: Training,
        *,
        attack: AttackSpec | None,
        team: Team,
    ) -> None:
        self._objective = Objective(task, model, training.precision)
        self._training, self._attack, self._team = training, attack, team
        self._shared: DistributedDataParallel | None = None
        if team.size > 1:
            if next(model.parameters()).is_cuda:  # on a CPU each process normalises its own part
                convert: Callable[[nn.Module], nn.Module] = nn.SyncBatchNorm.convert_sync_batchnorm
                convert(self._objective)
            # STTR has weights that nothing uses, and one branch that not every loss needs
            self._shared = DistributedDataParallel(self._objective, find_unused_parameters=True)

    def of(self, batch: Sample, *, step: int, size: int) -> float:
        """Set the model's gradients to those of a batch; return its mean loss.

        Parameters
        ----------
        batch : Sample
            This process's part of the batch.
        step : int
            Number of the update.
        size : int
            Samples of the whole batch.
        """
        count = pieces(size, self._team, self._training.at_once)
        ends = [len(batch.input) * number // count for number in range(count + 1)]
        most = max(last - first for first, last in pairwise(ends))
        try:
            return self._of(batch, step, size, ends)
        except (torch.OutOfMemoryError, ModelError) as error:
            if not isinstance(error.__cause__ or error, torch.OutOfMemoryError):
                raise
            fewer = f"--at-once {most // 2}, " if most > 1 else ""
            raise ModelError(
                f"step {step + 1} ran out of memory with {most} samples of "
                f"{tuple(batch.input.shape[1:])} at once: try {fewer}--precision bfloat16, or a "
                "smaller --crop"
            ) from error

    def _of(self, batch: Sample, step: int, size: int, ends: list[int]) -> float:
        """Return the loss of a batch whose pieces end at ``ends``, and set gradients."""
        objective = self._objective
        first, _ = share(size, self._team)
        x = batch.input
        if self._attack is not None:
            x = half_attacked(
                objective.task,
                objective.model,
                batch,
                self._attack,
                first=step * max(1, size // 2) + first.start,
                half=len(first),
                at_once=ends[1],
                output=objective.output,
            )
        objective.model.train()
        count = self._team.sum(objective.count(batch)).clamp(min=1)
        total = torch.zeros((), device=x.device)
        for begin, end in pairwise(ends):
            with self._kept_apart(last=end == len(x)):
                lost = (self._shared or objective)(x[begin:end], part_of(batch, begin, end))
                # processes are averaged, and their sum is meant
                (lost / count * self._team.size).backward()
            total += lost.detach() / count
        return float(self._team.sum(total))

    def _kept_apart(self, *, last: bool) -> AbstractContextManager[object]:
        """Sum gradients of all but the last part without telling the other processes."""
        return nullcontext() if last or self._shared is None else self._shared.no_sync()


def _check_plan(parts: dict[str, Tensor], model: nn.Module) -> None:
    if "plan" not in parts:
        raise ModelError(
            f"{type(model).__name__} finds no plan of matches: expected STTR with "
            "head='transformer', or a task without matching"
        )
