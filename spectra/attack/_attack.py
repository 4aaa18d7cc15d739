"""An attack under way: gradient, step, projection, and which iterate is kept."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from spectra import capture
from spectra._text import brief
from spectra.attack._ball import Ball, Bounds
from spectra.attack._losses import per_pixel_loss
from spectra.attack._spec import AttackSpec
from spectra.attack._weights import pixel_weights
from spectra.errors import InputError, ModelError

Forward = Callable[[Tensor], Tensor]
Watch = Callable[[int, Tensor], None]
NO_GRADIENT = (
    "no gradient comes through the model to its input: it computes under no_grad, detaches, rounds "
    "or is saturated there, and cannot be attacked by gradients"
)


def attack(
    model: nn.Module,
    x: Tensor,
    target: Tensor,
    spec: AttackSpec | str,
    *,
    bounds: Bounds = (0.0, 1.0),
    valid: Tensor | None = None,
    first: int = 0,
    forward: Forward | None = None,
    watch: Watch | None = None,
) -> Tensor:
    """Return inputs near ``x`` for which a model's output is far from the target.

    The model runs in evaluation mode; modes, gradients, buffers and random states are left as
    they were. Each sample is attacked by itself: which others run with it changes nothing in
    models that keep samples apart.

    Parameters
    ----------
    model : Module
        Runs on ``x`` and returns maps (B, C, *spatial).
    x : Tensor, shape (B, C, *spatial)
        Clean inputs, of floats, on the model's device.
    target : Tensor
        What the output is driven away from, or towards by a targeted attack: of the output's
        shape, or labels (B, *spatial) with 255 for pixels without a class.
    spec : AttackSpec or str
        Which attack, or its text.
    bounds : pair of float or of Tensor (C,), or None
        Least and largest value that inputs can have: the budget is a fraction of their distance,
        and attacked inputs stay between them. None: the budget is in the inputs' own units, and
        nothing is clipped.
    valid : Tensor of bool, shape (B, *spatial), optional
        Pixels that count; all by default.
    first : int
        Number of the first sample among all, which decides its random start.
    forward : callable, optional
        Returns the output for inputs; by default the model's first map.
    watch : callable, optional
        Called after each step with its number, from 1, and the inputs then. PGD and CosPGD of
        fewer steps end with them; the weights of SegPGD depend on how many steps there will be.

    Returns
    -------
    Tensor, of the shape, type and device of ``x``

    Raises
    ------
    InputError
        If inputs, target and output do not fit each other.
    ModelError
        If the model fails, or no gradient comes through it to its input.

    Examples
    --------
    >>> model = nn.Conv2d(1, 1, 1, bias=False)
    >>> x, target = torch.full((1, 1, 2, 2), 0.5), torch.full((1, 1, 2, 2), 10.0)
    >>> changed = attack(model, x, target, "fgsm:eps=0.1") - x
    >>> changed.abs().round(decimals=3).unique()
    tensor([0.1000])
    """
    spec = AttackSpec.parse(spec) if isinstance(spec, str) else spec
    _check_inputs(x)
    if target.is_floating_point() and not bool(target.isfinite().all()):
        raise InputError("the target holds NaN or infinite values: expected finite ones")
    if valid is not None and valid.dtype != torch.bool:
        raise InputError(f"valid is of {valid.dtype}: expected bool, one value for each pixel")
    # leaving inference mode is not enough: its tensors cannot be followed, copies can
    with torch.inference_mode(False), capture.quiet(model), torch.enable_grad():
        under_way = _Attack(
            forward or (lambda inputs: capture.forward(model, inputs)),
            Ball.around(x.detach().clone(), spec, bounds),
            target.detach().clone(),
            valid,
        )
        return under_way.run(first, watch).to(x.dtype)


def _check_inputs(x: Tensor) -> None:
    """Raise InputError unless inputs can be attacked."""
    if not isinstance(x, Tensor) or not x.is_floating_point() or x.ndim < 2 or not x.numel():
        given = f"{tuple(x.shape)} of {x.dtype}" if isinstance(x, Tensor) else type(x).__name__
        raise InputError(f"inputs {given}: expected a tensor of floats (B, C, *spatial)")
    if x.is_meta:
        raise InputError("the inputs hold no values (device 'meta'): expected a tensor with values")
    if not bool(x.isfinite().all()):
        raise InputError("the inputs hold NaN or infinite values: expected finite ones")


class _Attack:
    """One batch's attack under way."""

    def __init__(self, forward: Forward, ball: Ball, target: Tensor, valid: Tensor | None) -> None:
        self._forward, self._ball, self._target, self._valid = forward, ball, target, valid
        self._spec, self._samples = ball.spec, len(ball.clean)
        assert self._spec.loss is not None
        self._loss = per_pixel_loss(self._spec.loss)

    def run(self, first: int, watch: Watch | None = None) -> Tensor:
        """Return the inputs that the attack ends with."""
        assert self._spec.steps is not None
        values = self._ball.start(first)
        best: Tensor | None = None
        best_loss: Tensor | None = None
        for step in range(self._spec.steps):
            gradient, loss = self._gradient(values, step)
            best, best_loss = self._better(values, loss, best, best_loss)
            values = self._ball.step(values, gradient)
            if watch is not None:
                watch(step + 1, self._ball.input(values).detach())
        if self._spec.keep == "best":
            _, loss = self._loss_of(values)
            values, _ = self._better(values, self._mean(loss.detach()), best, best_loss)
        return self._ball.input(values).detach()

    def _gradient(self, values: Tensor, step: int) -> tuple[Tensor, Tensor]:
        """Return the gradient of the weighted loss, and each sample's loss without weights."""
        values = values.detach().requires_grad_()
        output, loss = self._loss_of(values)
        weights = pixel_weights(self._spec, output.detach(), self._target, step=step)
        # samples are summed, so that the gradient of each is that of its own mean
        total = self._mean(loss * weights).sum()
        if not total.requires_grad:
            raise ModelError(NO_GRADIENT)
        try:
            (gradient,) = torch.autograd.grad(total, values, allow_unused=True)
        except torch.OutOfMemoryError as error:
            raise ModelError(
                f"the gradient of {len(values)} inputs ran out of memory: try fewer at a time, "
                "or smaller ones (--batch 1, --crop)"
            ) from error
        except (RuntimeError, NotImplementedError) as error:  # operators without a derivative
            raise ModelError(f"{NO_GRADIENT} ({brief(error)})") from error
        if gradient is None:
            raise ModelError(NO_GRADIENT)
        if not bool(output.isfinite().all()):
            raise ModelError(
                f"the output holds NaN or infinite values in step {step + 1}: expected a model "
                "that is finite around its inputs"
            )
        if not bool(gradient.isfinite().all()):
            raise ModelError(
                f"the gradient of loss={self._spec.loss} is not finite in step {step + 1}: "
                "expected a model that is smooth around its inputs, or a smaller eps"
            )
        return gradient, self._mean(loss.detach())

    def _loss_of(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return the model's output and the loss of each pixel that counts."""
        output = self._forward(self._ball.input(values))
        loss = self._loss(output, self._target)
        if self._valid is not None:
            if self._valid.shape != loss.shape:
                raise InputError(
                    f"valid is {tuple(self._valid.shape)}: expected {tuple(loss.shape)}, one "
                    "value for each pixel of the output"
                )
            loss = torch.where(self._valid, loss, 0)
        return output, loss

    def _mean(self, loss: Tensor) -> Tensor:
        """Return the mean over all pixels of each sample, which may have several maps."""
        return loss.reshape(self._samples, -1).mean(1)

    def _better(
        self, values: Tensor, loss: Tensor, best: Tensor | None, best_loss: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Return, for each sample, the values of the largest loss so far (smallest, targeted)."""
        if best is None or best_loss is None:
            return values, loss
        gains = loss < best_loss if self._spec.targeted else loss > best_loss
        chosen = gains.reshape(-1, *[1] * (values.ndim - 1))
        return torch.where(chosen, values, best).detach(), torch.where(gains, loss, best_loss)
