"""Put a remedy in the place of a model's upsampling steps."""

from __future__ import annotations

import torch
from torch import Tensor, nn

import spectra
from spectra import _walk as walk
from spectra._text import listed
from spectra._walk import unwrap
from spectra.capture import discover, example_input, select_steps
from spectra.errors import ConversionError, ParameterError
from spectra.remedy._convert import STARTS, Start
from spectra.remedy._exchange import copy_of, module_at, put
from spectra.remedy._functions import substitute
from spectra.remedy._larger import SCRIPTED, frozen_by
from spectra.remedy._lctc import LCTC
from spectra.remedy._plan import Plan, Refusal
from spectra.remedy._remedy import Remedy, parse_remedy
from spectra.remedy._swapper import Swapper, recorded, with_calls
from spectra.weights import with_weight_norm


def swap(
    model: nn.Module,
    remedy: str = "lctc7",
    *,
    example: Tensor | None = None,
    steps: str = "*",
    init: Start = "keep",
    method: str = "forward",
    partial: bool = False,
) -> tuple[nn.Module, Plan]:
    """Return a copy of a model with other upsampling layers, and the plan of what was put where.

    Modules are replaced where they are. For a functional call (``F.interpolate``,
    ``F.pixel_shuffle``, ``F.conv_transpose2d`` of a parameter) the new layer is registered on
    the module whose forward calls it, and takes the call's place there.

    Parameters
    ----------
    model : Module
        Left as it is.
    remedy : str
        Name of a layer that `make_layer` makes: ``lctc7``, ``lctc11+3``, ``nearest+conv3``, ...
    example : Tensor, shape (B, C, *spatial), optional
        One input, by which the steps are found; by default guessed from the model's first layer.
    steps : str
        Pattern of the names of the steps to swap, as ``spectra analyze --list`` shows them.
    init : {"keep", "sinc", "icnr", "default"}
        Start of the new weights, see `convert`. Remedies other than LCTC have "default" only.
    method : str
        Name of the model's method to call.
    partial : bool
        Leave steps that cannot be swapped as they are and list them in ``plan.refused``,
        instead of raising; where none can be swapped, raise anyway.

    Returns
    -------
    model : Module
        Mode, dtype, device, tied weights, weight normalisation, hooks and everything that is
        no upsampling step are as before. ``init="keep"`` computes the same.
    plan : Plan
        `rebuild` does the same to a fresh model.

    Raises
    ------
    ConversionError
        If a step cannot be swapped; the text says why and what to do.
    ParameterError
        If no step's name matches, or remedy or start are not known.
    NothingToAnalyseError
        If the model has no upsampling step.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2))
    >>> swapped, plan = swap(net, "lctc7", example=torch.zeros(1, 3, 8, 8))
    >>> swapped[1].kernel_size, plan.replaced[0].kind
    ((7, 7), 'pixel_shuffle')
    """
    wanted = parse_remedy(remedy)
    _check_start(wanted, init)
    _check_model(model)
    example = example_input(model) if example is None else example
    found = discover(model, example, method=method)
    chosen = select_steps(found, steps)
    new = copy_of(unwrap(model))
    calls = recorded(new, example, method)
    swapper = Swapper(new, remedy=wanted, init=init, method=method, example=example)
    refused = []
    for step, call in with_calls(new, found.steps, calls):
        if step not in chosen:
            continue
        try:
            swapper.swap(step, call)
        except ConversionError as error:
            refused.append(Refusal(step.label, str(error)))
    if refused and (not partial or not swapper.replaced):
        named: dict[str, list[str]] = {}
        for refusal in refused:
            named.setdefault(refusal.reason, []).append(refusal.label)
        reasons = "; ".join(
            f"{listed(map(repr, labels), 3)}: {reason}" for reason, labels in named.items()
        )
        advice = "" if not swapper.replaced else "; leave them out with steps= or partial=True"
        raise ConversionError(f"cannot be swapped for {remedy}: {reasons}{advice}")
    plan = Plan(
        remedy,
        init=init,
        method=method,
        replaced=tuple(swapper.replaced),
        refused=tuple(refused),
        spectra_version=spectra.__version__,
    )
    return swapper.root, plan


def rebuild(model: nn.Module, plan: Plan | str) -> nn.Module:
    """Return a copy of a fresh model with the layers of a plan, random weights in them.

    The weights that a swapped model saved then load strictly.

    Parameters
    ----------
    model : Module
        Built by the same code as the model that was swapped; left as it is.
    plan : Plan or str
        A plan, or its JSON.

    Raises
    ------
    ParameterError
        If the text is no plan, or the model has no such modules.

    Examples
    --------
    >>> net = nn.Sequential(nn.ConvTranspose2d(3, 3, 2, stride=2))
    >>> swapped, plan = swap(net, "lctc7", example=torch.zeros(1, 3, 4, 4))
    >>> rebuild(net, plan.to_json()).load_state_dict(swapped.state_dict())
    <All keys matched successfully>
    """
    plan = Plan.from_json(plan) if isinstance(plan, str) else plan
    new = copy_of(unwrap(model))
    like = next((p for p in walk.parameters(new) if p.is_floating_point()), torch.zeros(()))
    made: dict[str, nn.Module] = {}
    for entry in plan.replaced:
        with torch.random.fork_rng(devices=[]):
            layer = entry.make().to(like.device, like.dtype)
        if entry.weight_norm is not None and isinstance(layer, LCTC):
            with_weight_norm(layer.large, entry.weight_norm)
        other = made.get(entry.tied_to or "")
        if isinstance(layer, LCTC) and isinstance(other, LCTC):
            layer.large.weight = other.large.weight
        made[entry.path] = layer
        owner = module_at(new, entry.owner)
        if entry.function is None:
            new = put(new, owner, layer.train(owner.training))
        else:
            assert entry.index is not None
            name = entry.path.rpartition(".")[2]
            owner.add_module(name, layer.train(owner.training))
            substitute(owner, plan.method if entry.owner == "" else "forward", entry.index, name)
    return new


def merged(model: nn.Module) -> nn.Module:
    """Return a copy of a model in which every LCTC has one kernel: faster, for inference."""
    new = copy_of(model)
    for layer in [m for m in walk.modules(new) if isinstance(m, LCTC) and m.small is not None]:
        new = put(new, layer, layer.merge())
    return new


def _check_start(remedy: Remedy, init: str) -> None:
    if init not in STARTS:
        raise ParameterError(f"init={init!r}: expected one of {', '.join(STARTS)}")
    if remedy.family != "lctc" and init != "default":
        raise ParameterError(
            f"init={init!r} is for lctcK; {remedy.name} starts at random: expected init='default'"
        )


def _check_model(model: nn.Module) -> None:
    frozen = frozen_by(model)
    if frozen is None:
        return
    scripted = frozen == SCRIPTED
    raise ConversionError(
        f"the model is {'a ScriptModule' if scripted else 'an exported program'}, whose code is "
        f"frozen: swap the Python model before the line that calls {frozen}, then "
        f"{'script' if scripted else 'export'} the result"
    )
