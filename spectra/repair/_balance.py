"""Take the lines out of a trained network without training: equal phases at the measured means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from spectra import _walk as walk
from spectra.capture import (
    Discovery,
    Step,
    discover,
    follow_periods,
    forward,
    quiet,
    select_steps,
    stream,
)
from spectra.errors import ConversionError
from spectra.inputs import Inputs, open_inputs
from spectra.remedy import LCTC, copy_of
from spectra.repair._equalise import NO_TAP, equalised_phases, equalised_taps, phase_levels
from spectra.repair._fidelity import psnr_db
from spectra.repair._lines import line_db
from spectra.weights import effective_weight, folded_norm, set_weight

Changes = dict[Step, float | str]

DILATED = "its kernel is dilated: convert it first"


@dataclass(frozen=True)
class BalancedStep:
    """What `balance` did to one step.

    Attributes
    ----------
    name, call
        Which step it is, see `spectra.capture.Step`.
    line_before_db, line_after_db : float or None
        Power of the step's lines over that of all its map varies, on these inputs; None for
        no lines.
    change : float
        Norm of the change of weight and bias over the norm of both.
    reason : str or None
        Why nothing was changed.
    """

    name: str
    call: int
    line_before_db: float | None
    line_after_db: float | None
    change: float = 0.0
    reason: str | None = None


@dataclass(frozen=True, eq=False)
class Balanced:
    """A network whose upsampling steps are balanced, and what that changed.

    Attributes
    ----------
    model : Module
        A copy; the module given is as it was.
    steps : tuple of BalancedStep
        In order of execution.
    psnr_db : float
        PSNR of the new output against the old, peak the old one's range; inf for no change.
    output_before_db, output_after_db : float or None
        Power of the output's lines over that of all it varies.
    """

    model: nn.Module
    steps: tuple[BalancedStep, ...]
    psnr_db: float
    output_before_db: float | None
    output_after_db: float | None


def balance(model: nn.Module, inputs: Any, *, steps: str = "*") -> Balanced:
    """Equalise the phases of each upsampling kernel at the means of its input channels.

    A constant input ``mu`` becomes ``b_o + sum_i mu_i D_p[i, o]`` at phase p, D_p the sum of the
    taps of that phase: a checkerboard, unless all phases agree. Of all changes of weight
    and bias that make them agree, and leave the mean level, the one of least norm is

        dh[i, o, n] = r_p mu_i / (N_p M),  r_p = mean_q(y_q) - y_p - db,
        db = sum_p (mean_q(y_q) - y_p) w_p / (1 + sum_p w_p),  w_p = 1 / (N_p M),

    with N_p the number of taps of phase p and M the sum of mu_i^2 (Lagrange multipliers). For
    a convolution before a pixel shuffle each phase has its own bias, and the change is
    ``r (mu_i, 1) / (N M + 1)``. Replicas stay as they are, and so do lines of inputs whose
    means are others.

    **Look at `Balanced.psnr_db`**: layers after a step that were trained with its lines may use
    them or cancel them, and then miss them. It is a cure for the last step before the output,
    not in general for hidden ones.

    Parameters
    ----------
    model : Module
        Left as it is; transposed convolutions, LCTCs and convolutions directly before a
        ``PixelShuffle`` are balanced, one after the other in order of execution.
    inputs : Tensor of shape (B, C, *spatial), Inputs, or whatever `open_inputs` takes
        One batch, over which the means are taken and the effect is measured.
    steps : str
        Pattern of the names of the steps to balance.

    Returns
    -------
    Balanced

    Raises
    ------
    ParameterError
        If no step's name matches.
    ModelError
        If the model fails.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> net = nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1)
    >>> step = balance(net, torch.rand(4, 4, 32, 32)).steps[0]
    >>> step.line_after_db < step.line_before_db - 15
    True
    """
    x = _batch(inputs)
    found = follow_periods(model, discover(model, x[:1]), x[:1])
    chosen = select_steps(found, steps)
    before, old = _run(model, found, x)
    balanced = copy_of(model)
    targets, reasons = _targets(balanced, chosen)
    volumes = {m: prod(s.factor) for m, s in targets.items() if s.kind == "pixel_shuffle"}
    with quiet(balanced, keep=False), _balancing(targets, volumes) as changes:
        forward(balanced, x)
    after, new = _run(balanced, found, x)
    rows = []
    for index, step in enumerate(found.steps):
        if step in chosen:
            change = changes.get(step, reasons.get(step, "it did not run"))
            norm, reason = (0.0, change) if isinstance(change, str) else (change, None)
            rows.append(
                BalancedStep(
                    step.name,
                    call=step.call,
                    line_before_db=before[index],
                    line_after_db=after[index],
                    change=norm,
                    reason=reason,
                )
            )
    period = _longest_period(found)
    lines = [line_db(output, period) if period else None for output in (old, new)]
    return Balanced(balanced, tuple(rows), psnr_db(new, old), *lines)


def _batch(inputs: Any) -> Tensor:
    if isinstance(inputs, Tensor):
        return inputs
    opened = inputs if isinstance(inputs, Inputs) else open_inputs(inputs)
    return next(opened.batches(len(opened)))


def balance_refusals(model: nn.Module, found: Discovery) -> tuple[str | None, ...]:
    """Return why `balance` would leave each step as it is; None where it would not.

    Parameters
    ----------
    model : Module
        Left as it came.
    found : Discovery
        Its steps.
    """
    if found.method != "forward":
        return (f"balance calls forward, and not {found.method}",) * len(found.steps)
    targets, reasons = _targets(walk.unwrap(model), list(found.steps))
    for module, step in targets.items():
        layer: Any = module.large if isinstance(module, LCTC) else module
        if step.kind == "pixel_shuffle":
            continue
        if set(layer.dilation) != {1}:
            reasons[step] = DILATED
        elif any(k < s for k, s in zip(layer.kernel_size, layer.stride, strict=True)):
            reasons[step] = NO_TAP
    return tuple(reasons.get(step) for step in found.steps)


def _longest_period(found: Discovery) -> tuple[int, ...] | None:
    """Return the longest period of any step's grid of which the output holds one, None for none."""
    sides = found.output_shape[1:]
    known = [p for p in found.periods if p is not None and max(p) > 1]
    held = [p for p in known if all(n >= pixels for n, pixels in zip(sides, p, strict=True))]
    return max(held, default=None)


def _targets(model: nn.Module, steps: list[Step]) -> tuple[dict[nn.Module, Step], dict[Step, str]]:
    """Return the module to balance for each step, and for the other steps why there is none."""
    modules = dict(walk.named_modules(model))
    targets: dict[nn.Module, Step] = {}
    reasons: dict[Step, str] = {}
    for step in steps:
        module = modules.get(step.name)
        parent = modules.get(step.name.rpartition(".")[0]) if step.name else None
        if isinstance(module, LCTC) or isinstance(parent, LCTC):  # of two kernels, or of one
            target: nn.Module | None = module if isinstance(module, LCTC) else parent
            reason = ""
        elif isinstance(module, nn.PixelShuffle):
            before = modules.get(step.convolution.module) if step.convolution else None
            target = before if walk.is_convolution(before) else None
            reason = "no convolution comes directly before it"
        else:
            target, reason = module if walk.is_transposed(module) else None, _why_not(step)
        if target is None:
            reasons[step] = reason
        elif target in targets:
            reasons[step] = "its weights run more than once: balanced at the first call"
        elif (norm := folded_norm(target)) is not None:
            reasons[step] = f"its weight is computed by {norm}, which cannot make another"
        else:
            targets[target] = step
    return targets, reasons


def _why_not(step: Step) -> str:
    if step.kind in ("transposed_conv", "pixel_shuffle"):
        return "it is a functional call: balance knows weights of modules only; swap it first"
    return f"{step.kind} has no weights, and makes no line of a constant"


@contextmanager
def _balancing(targets: dict[nn.Module, Step], volumes: dict[nn.Module, int]) -> Iterator[Changes]:
    """Balance each target just before it first runs, at the means of what goes into it."""
    changes: Changes = {}

    def hook(module: nn.Module, args: tuple[Tensor, ...]) -> None:
        step = targets[module]
        if step not in changes:
            x = args[0].double()
            mean = x.mean([axis for axis in range(x.ndim) if axis != 1])
            changes[step] = _equalise(module, mean, volumes.get(module))

    with ExitStack() as hooks:
        for module in targets:
            hooks.enter_context(module.register_forward_pre_hook(hook))
        yield changes


@torch.no_grad()
def _equalise(module: nn.Module, mean: Tensor, volume: int | None) -> float | str:
    """Balance one module in place; return the relative norm of the change, or why there is none."""
    layer: Any = module.large if isinstance(module, LCTC) else module
    weight, bias = effective_weight(layer), layer.bias
    if volume is not None:
        changed, shifted = equalised_phases(weight, bias, mean, volume=volume, groups=layer.groups)
    elif set(layer.dilation) != {1}:
        return DILATED
    else:
        how = {"factor": layer.stride, "padding": layer.padding, "groups": layer.groups}
        levels = phase_levels(weight, mean, **how)
        if isinstance(module, LCTC) and module.small is not None:
            beside: Any = module.small
            levels = levels + phase_levels(
                beside.weight,
                mean,
                factor=layer.stride,
                padding=beside.padding,
                groups=layer.groups,
            )
        try:
            changed, shifted = equalised_taps(weight, bias, mean, levels, **how)
        except ConversionError as error:
            return str(error)
    change, norm = (changed - weight).square().sum(), weight.square().sum()
    set_weight(layer, changed)
    if bias is not None:
        change, norm = change + (shifted - bias).square().sum(), norm + bias.square().sum()
        bias.copy_(shifted)
    return float((change / norm).sqrt()) if norm > 0 else 0.0


def _run(model: nn.Module, found: Discovery, inputs: Tensor) -> tuple[list[float | None], Tensor]:
    """Return the lines of each step and the output."""
    lines: list[float | None] = [None] * len(found.steps)

    def note(index: int, maps: Tensor) -> None:
        factor = found.steps[index].factor
        sides = maps.shape[2:]
        if factor and all(n >= s for n, s in zip(sides, factor, strict=True)):
            lines[index] = line_db(maps, factor)

    with quiet(model), stream(model, found, note):
        output = forward(model, inputs, found=found)
    return lines, output
