"""One picture and what a model makes of it, clean and attacked: what Figures 1 and 5 show."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from spectra import _walk as walk
from spectra import capture
from spectra.attack import AttackSpec, attack


@dataclass(frozen=True, eq=False)
class Restored:
    """A picture and the outputs for it, each (C, y, x) on the CPU.

    Attributes
    ----------
    attacked_input : Tensor
        The picture with the attack's change in it.
    clean, attacked : Tensor
        The model's output for the picture, and for the attacked one.
    """

    attacked_input: Tensor
    clean: Tensor
    attacked: Tensor


def restored(
    model: nn.Module,
    picture: Tensor,
    spec: AttackSpec | str,
    *,
    target: Tensor | None = None,
    number: int = 0,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Restored:
    """Return what a model makes of a picture, and of the same picture under an attack.

    Parameters
    ----------
    model : Module
        Returns maps (B, C, y, x). It runs in evaluation mode on the device of its weights, and
        is left as it came.
    picture : Tensor, shape (C, y, x)
    spec : AttackSpec or str
        Which attack, or its text.
    target : Tensor, optional
        What the output is driven away from, or towards by a targeted attack; by default the
        output for the clean picture.
    number : int
        Number of the picture, which decides a random start.
    bounds : pair of float
        Least and largest value of pictures.

    Raises
    ------
    InputError
        If picture, target and output do not fit each other.
    ModelError
        If the model fails, or no gradient comes through it to its input.

    Examples
    --------
    >>> import torch
    >>> picture = torch.full((1, 4, 4), 0.5)
    >>> made = restored(nn.Upsample(scale_factor=2), picture, "pgd:eps=0.1")
    >>> made.clean.shape, round(float((made.attacked_input - picture).abs().max()), 4)
    (torch.Size([1, 8, 8]), 0.1)
    """
    x = picture[None].to(walk.device(model))
    with capture.quiet(model):
        clean = capture.forward(model, x).detach()
        aim = clean if target is None else target[None].to(clean)
        changed = attack(model, x, aim, spec, bounds=bounds, first=number)
        output = capture.forward(model, changed).detach()
    return Restored(changed[0].cpu(), clean[0].cpu(), output[0].cpu())
