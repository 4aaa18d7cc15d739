"""Put a remedy in the place of a model's upsampling steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

import spectra
from spectra import _walk as walk
from spectra.capture import Step, discover, forward, quiet
from spectra.errors import ConversionError, ParameterError
from spectra.remedy._convert import STARTS, Start, lctc_from, like_module
from spectra.remedy._functions import FunctionCall, Recorder, substitute
from spectra.remedy._lctc import LCTC
from spectra.remedy._make import make_layer
from spectra.remedy._names import Remedy, parse_remedy
from spectra.remedy._norms import (
    effective_weight,
    folded_norm,
    is_norm_hook,
    weight_norm_axis,
    with_weight_norm,
)
from spectra.remedy._plan import Plan, Refusal, Replacement
from spectra.remedy._select import select_steps
from spectra.remedy._sizes import TRANSPOSED
from spectra.remedy._source import Source, source_of, transposed_source

_HOOKS = (
    "_forward_hooks", "_forward_hooks_with_kwargs", "_forward_hooks_always_called",
    "_forward_pre_hooks", "_forward_pre_hooks_with_kwargs",
)  # fmt: skip


def swap(
    model: nn.Module,
    remedy: str = "lctc7",
    *,
    example: Tensor,
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
        As of `make_layer`: ``lctc7``, ``lctc11+3``, ``nearest+conv3``, ...
    example : Tensor, shape (B, C, *spatial)
        One input, by which the steps are found.
    steps : str
        Pattern of the names of the steps to swap, as ``spectra analyze --list`` shows them.
    init : {"keep", "sinc", "icnr", "default"}
        As of `convert`. Remedies other than LCTC have "default" only.
    method : str
        Of the model, to call.
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
    found = discover(model, example, method=method)
    chosen = select_steps(found, steps)
    new = copy_of(unwrapped(model))
    calls = _recorded(new, example, method)
    swapper = _Swapper(new, wanted, init, method, example)
    refused = []
    for step, call in _with_calls(new, found.steps, calls):
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
        reasons = "; ".join(f"{_listed(labels)}: {reason}" for reason, labels in named.items())
        advice = "" if not swapper.replaced else "; leave them out with steps= or partial=True"
        raise ConversionError(f"cannot be swapped for {remedy}: {reasons}{advice}")
    plan = Plan(remedy, init, method, tuple(swapper.replaced), tuple(refused), spectra.__version__)
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
    new = copy_of(unwrapped(model))
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
        owner = _module(new, entry.owner)
        if entry.function is None:
            new = _put(new, owner, layer.train(owner.training))
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
        new = _put(new, layer, layer.merge())
    return new


class _Swapper:
    """Swaps one step after the other in a model that is the caller's own."""

    def __init__(
        self, root: nn.Module, remedy: Remedy, init: Start, method: str, example: Tensor
    ) -> None:
        self.root = root
        self.replaced: list[Replacement] = []
        self._remedy, self._init, self._method = remedy, init, method
        self._parameters = list(walk.parameters(root))
        floating = (
            t for t in (*walk.parameters(root), *walk.buffers(root)) if t.is_floating_point()
        )
        self._like = next(floating, example)
        self._names = {id(m): name for name, m in walk.named_modules(root)}
        self._done: set[int] = set()
        self._layers: dict[int, tuple[str, LCTC]] = {}  # by the weight that each came from
        self._users = _users(root)

    def swap(self, step: Step, call: FunctionCall | None) -> None:
        """Swap one step; what was swapped with an earlier one is passed over."""
        if call is not None:
            self._swap_call(step, call)
            return
        module = _module(self.root, step.name)
        parent = _module(self.root, step.name.rpartition(".")[0])
        if isinstance(parent, LCTC):
            module = parent
        if not isinstance(module, (*_UPSAMPLING, LCTC, torch.jit.ScriptModule)):
            raise ConversionError(
                f"it is {step.kind} in the forward of {type(module).__name__}, which is no call of "
                "interpolate, pixel_shuffle or conv_transpose: it has no kernel to convert"
            )
        if id(module) in self._done:
            return
        name = self._names[id(module)]
        source = self._source(module, step)
        layer, entry = self._layer(step, source, name, name)
        if isinstance(layer, LCTC):
            like_module(layer, module)
            entry = self._tie(layer, module, entry)
        notes = list(entry.notes)
        if norm := folded_norm(module):
            notes.append(f"{norm} is now part of the weight")
        entry = replace(entry, weight_norm=weight_norm_axis(module), notes=tuple(notes))
        _move_hooks(module, layer)
        self._done |= {id(module), id(layer)}
        self._names[id(layer)] = name
        self.root = _put(self.root, module, layer.train(module.training))
        self.replaced.append(entry)

    def _swap_call(self, step: Step, call: FunctionCall) -> None:
        owner, name = call.owner, f"swapped{call.index}"
        path = ".".join(filter(None, [step.name, name]))
        if hasattr(owner, name):
            if any(entry.path == path for entry in self.replaced):
                return  # the owner runs more than once
            raise ConversionError(f"its owner has a {name!r} already")
        source = call.source(self._parameters, self._like)
        layer, entry = self._layer(step, source, path, step.name)
        owner.add_module(name, layer.train(owner.training))
        substitute(owner, self._method if owner is self.root else "forward", call.index, name)
        self.replaced.append(replace(entry, function=call.function, index=call.index))

    def _source(self, module: nn.Module, step: Step) -> Source:
        """Return a module as a source, with the output padding that its caller asks for."""
        if isinstance(module, tuple(TRANSPOSED.values())) and step.kind == "transposed_conv":
            conv: Any = module
            asked = _asked_padding(conv, step)
            if asked != tuple(conv.output_padding):
                return transposed_source(
                    effective_weight(conv),
                    conv.bias,
                    stride=conv.stride,
                    padding=conv.padding,
                    output_padding=asked,
                    dilation=conv.dilation,
                    groups=conv.groups,
                )
        axes = len(step.input_shape) - 1
        return source_of(module, channels=step.input_shape[0], axes=axes, like=self._like)

    def _layer(
        self, step: Step, source: Source, path: str, owner: str
    ) -> tuple[nn.Module, Replacement]:
        inputs, outputs = source.channels
        entry = Replacement(
            label=step.label,
            kind=step.kind,
            owner=owner,
            function=None,
            index=None,
            path=path,
            remedy=self._remedy.name,
            in_channels=inputs,
            out_channels=outputs,
            groups=source.groups,
            factor=source.factor,
        )
        if self._remedy.family != "lctc":
            if any(map(any, source.crop)):
                factor = "x".join(map(str, source.factor))
                raise ConversionError(
                    f"its output is not {factor} times its input: {self._remedy.name} makes no "
                    "other, an LCTC does"
                )
            made = make_layer(
                self._remedy.name, inputs, outputs, factor=source.factor, groups=source.groups
            )
            return made.to(self._like.device, self._like.dtype), entry
        layer = lctc_from(source, self._remedy, init=self._init)
        return layer, replace(
            entry,
            kernel_size=layer.kernel_size,
            small=None if layer.small is None else tuple(layer.small.weight.shape[2:]),
            bias=layer.large.bias is not None,
            edge=layer.edge,
            crop=layer.crop,
        )

    def _tie(self, layer: LCTC, module: nn.Module, entry: Replacement) -> Replacement:
        """Let layers share a kernel where the modules before them did."""
        weight = module._parameters.get("weight")
        if weight is None:
            return entry
        others = [name for name in self._users[id(weight)] if name != entry.path]
        if id(weight) in self._layers:
            path, first = self._layers[id(weight)]
            if first.large.weight.shape == layer.large.weight.shape:
                layer.large.weight = first.large.weight
                return replace(entry, tied_to=path)
        self._layers[id(weight)] = (entry.path, layer)
        kept = [n for n in others if not isinstance(_module(self.root, n), _UPSAMPLING)]
        if kept:
            note = f"its weight was also that of {', '.join(kept)}, and is so no longer"
            return replace(entry, notes=(*entry.notes, note))
        return entry


def _asked_padding(module: Any, step: Step) -> tuple[int, ...]:
    """Return the output padding with which a transposed convolution made what it made."""
    return tuple(
        made - ((n - 1) * s - 2 * p + d * (k - 1) + 1)
        for made, n, s, p, d, k in zip(
            step.output_shape[1:], step.input_shape[1:], module.stride, module.padding,
            module.dilation, module.kernel_size, strict=True,
        )
    )  # fmt: skip


def copy_of(model: nn.Module) -> nn.Module:
    """Return a deep copy, also of models whose weights are computed by hooks.

    What a module holds beside tensors and modules and cannot be copied, such as a lock or the
    handle of an operator, is shared with the copy.

    Raises
    ------
    ConversionError
        If the model cannot be copied all the same.
    """
    for module in walk.modules(model):
        for hook in module._forward_pre_hooks.values():
            if is_norm_hook(hook):  # its weight is computed anew before each call
                name = hook.name  # type: ignore[attr-defined]
                setattr(module, name, getattr(module, name).detach())
    try:
        return deepcopy(model)
    except Exception:
        shared = {id(value): value for value in _uncopied(model)}
    try:
        return deepcopy(model, shared)
    except Exception as error:
        raise ConversionError(
            f"{type(model).__name__} cannot be copied ({error}), and only a copy is swapped: make "
            "what it holds beside its layers fit for copy.deepcopy"
        ) from error


def _uncopied(model: nn.Module) -> Iterator[object]:
    """Yield what modules hold and cannot be copied, but for what may hold tensors or modules."""
    for module in walk.modules(model):
        for value in vars(module).values():
            if isinstance(value, Tensor | nn.Module | dict | list | tuple | set):
                continue
            try:
                deepcopy(value)
            except Exception:
                yield value


def unwrapped(model: nn.Module) -> nn.Module:
    """Return the module inside ``torch.compile`` and ``DataParallel``."""
    while isinstance(inner := getattr(model, "_orig_mod", None), nn.Module):
        model = inner
    parallel = (nn.DataParallel, nn.parallel.DistributedDataParallel)
    return unwrapped(model.module) if isinstance(model, parallel) else model


def _listed(labels: Sequence[str]) -> str:
    """Return names in quotes, the first three and how many more."""
    more = f" and {len(labels) - 3} more" if len(labels) > 3 else ""
    return ", ".join(map(repr, labels[:3])) + more


def _check_start(remedy: Remedy, init: str) -> None:
    if init not in STARTS:
        raise ParameterError(f"init={init!r}: expected one of {', '.join(STARTS)}")
    if remedy.family != "lctc" and init != "default":
        raise ParameterError(
            f"init={init!r} is for lctcK; {remedy.name} starts at random: expected init='default'"
        )


def _check_model(model: nn.Module) -> None:
    frozen = "torch.jit.script or torch.jit.trace"
    if isinstance(model, torch.jit.ScriptModule):
        raise ConversionError(
            f"the model is a ScriptModule, whose code is frozen: swap the Python model before the "
            f"line that calls {frozen}, then script the result"
        )
    if isinstance(model, torch.fx.GraphModule) and any(
        isinstance(node.target, torch._ops.OpOverload) for node in model.graph.nodes
    ):
        raise ConversionError(
            "the model is an exported program, whose code is frozen: swap the Python model before "
            "the line that calls torch.export.export, then export the result"
        )


def _recorded(model: nn.Module, example: Tensor, method: str) -> list[FunctionCall]:
    recorder = Recorder(model)
    with quiet(model), recorder:
        forward(model, example, method=method)
    return recorder.calls


def _with_calls(
    model: nn.Module, steps: Sequence[Step], calls: Sequence[FunctionCall]
) -> list[tuple[Step, FunctionCall | None]]:
    """Return each step with the functional call that it is; None where it is a module's own."""
    owners = {id(m): name for name, m in walk.named_modules(model)}
    waiting: dict[str, list[FunctionCall]] = {}
    for call in calls:
        waiting.setdefault(owners.get(id(call.owner), ""), []).append(call)
    pairs: list[tuple[Step, FunctionCall | None]] = []
    for step in steps:
        module = _module(model, step.name)
        if isinstance(module, _UPSAMPLING) and type(module).forward in _FORWARDS:
            pairs.append((step, None))
            continue
        queue = waiting.get(step.name, [])
        while queue and queue[0].output_shape != step.output_shape:
            queue.pop(0)
        pairs.append((step, queue.pop(0) if queue else None))
    return pairs


def _module(model: nn.Module, path: str) -> nn.Module:
    """Return a module by its path, or the ScriptModule in which the path goes on."""
    module = model
    for name in filter(None, path.split(".")):
        if isinstance(module, torch.jit.ScriptModule):
            return module
        inner = getattr(module, name, None)
        if not isinstance(inner, nn.Module):
            message = f"the model has no module {path!r}: is it built by the code of the plan?"
            raise ParameterError(message)
        module = inner
    return module


def _put(root: nn.Module, old: nn.Module, new: nn.Module) -> nn.Module:
    """Put a module wherever another one is; return the root, which may be the new one.

    Also into plain lists, tuples and dicts that a module keeps beside its modules.
    """
    for parent in list(walk.modules(root)):
        for name, child in parent._modules.items():
            if child is old:
                parent._modules[name] = new
        for name, value in vars(parent).items():
            if not name.startswith("_"):
                vars(parent)[name] = _with_put(value, old, new)
    return new if root is old else root


def _with_put(value: Any, old: nn.Module, new: nn.Module) -> Any:
    """Return an attribute with one module for another, where it is or holds that."""
    if value is old:
        return new
    if type(value) in (list, tuple) and any(item is old for item in value):
        return type(value)(new if item is old else item for item in value)
    if type(value) is dict and any(item is old for item in value.values()):
        return {key: new if item is old else item for key, item in value.items()}
    return value


def _move_hooks(old: nn.Module, new: nn.Module) -> None:
    """Let the hooks of a module's users go on; those that compute its weight are done."""
    for attribute in _HOOKS:
        hooks = getattr(old, attribute, {})
        kept = {key: hook for key, hook in hooks.items() if not is_norm_hook(hook)}
        getattr(new, attribute).update(kept)


def _users(model: nn.Module) -> dict[int, list[str]]:
    """Return, for each weight, the paths of the modules that have it."""
    users: dict[int, list[str]] = {}
    for path, parameter in walk.users_of_parameters(model):
        users.setdefault(id(parameter), []).append(path)
    return users


_UPSAMPLING = (*TRANSPOSED.values(), nn.PixelShuffle, nn.Upsample)
_FORWARDS = {kind.forward for kind in _UPSAMPLING}
