"""Swap one step after the other: a module where it is, a functional call where it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from spectra import _walk as walk
from spectra._names import times
from spectra._text import listed
from spectra.capture import Step, forward, quiet
from spectra.errors import ConversionError
from spectra.remedy._convert import Start, lctc_from, like_module
from spectra.remedy._exchange import module_at, move_hooks, put
from spectra.remedy._functions import FunctionCall, Recorder, substitute
from spectra.remedy._lctc import LCTC
from spectra.remedy._make import make_layer
from spectra.remedy._plan import Replacement
from spectra.remedy._remedy import Remedy
from spectra.remedy._transposed_form import TransposedForm, form_of_transposed, transposed_form
from spectra.weights import effective_weight, folded_norm, weight_norm_axis

_UPSAMPLING = (*walk.TRANSPOSED.values(), nn.PixelShuffle, nn.Upsample)
_FORWARDS = {kind.forward for kind in _UPSAMPLING}


class Swapper:
    """Swaps one step after the other in a model that is the caller's own."""

    def __init__(
        self, root: nn.Module, remedy: Remedy, init: Start, method: str, example: Tensor
    ) -> None:
        self.root = root
        self.replaced: list[Replacement] = []
        self._remedy, self._init, self._method = remedy, init, method
        self._held = [*walk.parameters(root), *walk.buffers(root)]
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
        module = self._module_of(step)
        if id(module) in self._done:
            return
        name = self._names[id(module)]
        form = self._form(module, step)
        layer, entry = self._layer(step, form, name, name)
        if isinstance(layer, LCTC):
            like_module(layer, module)
            entry = self._tie(layer, module, entry)
        notes = list(entry.notes)
        if norm := folded_norm(module):
            notes.append(f"{norm} is now part of the weight")
        entry = replace(entry, weight_norm=weight_norm_axis(module), notes=tuple(notes))
        move_hooks(module, layer)
        self._done |= {id(module), id(layer)}
        self._names[id(layer)] = name
        self.root = put(self.root, module, layer.train(module.training))
        self.replaced.append(entry)

    def _swap_call(self, step: Step, call: FunctionCall) -> None:
        owner, name = call.owner, f"swapped{call.index}"
        path = ".".join(filter(None, [step.name, name]))
        if hasattr(owner, name):
            if any(entry.path == path for entry in self.replaced):
                return  # the owner runs more than once
            raise ConversionError(f"its owner has a {name!r} already")
        layer, entry = self._layer(step, self.form(step, call), path, step.name)
        owner.add_module(name, layer.train(owner.training))
        substitute(owner, self._method if owner is self.root else "forward", call.index, name)
        self.replaced.append(replace(entry, function=call.function, index=call.index))

    def form(self, step: Step, call: FunctionCall | None) -> TransposedForm:
        """Return what a step computes as a transposed convolution.

        Raises
        ------
        ConversionError
            If it is none; the text says why.
        """
        if call is not None:
            return call.form(self._held, self._like)
        return self._form(self._module_of(step), step)

    def _module_of(self, step: Step) -> nn.Module:
        module = self._alone(step)
        if not isinstance(module, (*_UPSAMPLING, LCTC, torch.jit.ScriptModule)):
            raise ConversionError(
                f"it is {step.kind} in the forward of {type(module).__name__}, which is no call of "
                "interpolate, pixel_shuffle or conv_transpose: it has no kernel to convert"
            )
        return module

    def _alone(self, step: Step) -> nn.Module:
        """Return the module that makes a step, one layer for what an LCTC adds up."""
        parents = {name.rpartition(".")[0] for name in step.summed or (step.name,)}
        within = module_at(self.root, parents.pop())
        if isinstance(within, LCTC) and not parents:
            return within
        if step.summed:
            raise ConversionError(
                f"it is the sum of {listed(step.summed)}, and only a step of one layer is swapped"
            )
        return module_at(self.root, step.name)

    def _form(self, module: nn.Module, step: Step) -> TransposedForm:
        """Return a module as a form, with the output padding that its caller asked for."""
        call = step.convolution
        if walk.is_transposed(module) and call is not None:
            conv: Any = module
            if call.output_padding != tuple(conv.output_padding):
                return form_of_transposed(
                    effective_weight(conv),
                    conv.bias,
                    stride=call.stride,
                    padding=call.padding,
                    output_padding=call.output_padding,
                    dilation=call.dilation,
                    groups=call.groups,
                )
        axes = len(step.input_shape) - 1
        return transposed_form(module, channels=step.input_shape[0], axes=axes, like=self._like)

    def _layer(
        self, step: Step, form: TransposedForm, path: str, owner: str
    ) -> tuple[nn.Module, Replacement]:
        inputs, outputs = form.channels
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
            groups=form.groups,
            factor=form.factor,
        )
        if self._remedy.family != "lctc":
            if any(map(any, form.crop)):
                factor = times(form.factor)
                raise ConversionError(
                    f"its output is not {factor} times its input: {self._remedy.name} makes no "
                    "other, an LCTC does"
                )
            made = make_layer(
                self._remedy.name, inputs, outputs, factor=form.factor, groups=form.groups
            )
            return made.to(self._like.device, self._like.dtype), entry
        layer = lctc_from(form, self._remedy, init=self._init)
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
        kept = [n for n in others if not isinstance(module_at(self.root, n), _UPSAMPLING)]
        if kept:
            note = f"its weight was also that of {', '.join(kept)}, and is so no longer"
            return replace(entry, notes=(*entry.notes, note))
        return entry


def recorded(model: nn.Module, example: Tensor, method: str) -> list[FunctionCall]:
    recorder = Recorder(model)
    with quiet(model), recorder:
        forward(model, example, method=method)
    return recorder.calls


def with_calls(
    model: nn.Module, steps: Sequence[Step], calls: Sequence[FunctionCall]
) -> list[tuple[Step, FunctionCall | None]]:
    """Return each step with the functional call that it is; None where it is a module's own."""
    owners = {id(m): name for name, m in walk.named_modules(model)}
    waiting: dict[str, list[FunctionCall]] = {}
    for call in calls:
        waiting.setdefault(owners.get(id(call.owner), ""), []).append(call)
    pairs: list[tuple[Step, FunctionCall | None]] = []
    for step in steps:
        module = None if step.summed else module_at(model, step.name)
        if isinstance(module, _UPSAMPLING) and type(module).forward in _FORWARDS:
            pairs.append((step, None))
            continue
        # Calls that are no step, such as interpolating to the same size, stand between the others.
        queue = waiting.get(step.name, [])
        while queue and queue[0].output_shape != step.output_shape:
            queue.pop(0)
        pairs.append((step, queue.pop(0) if queue else None))
    return pairs


def _users(model: nn.Module) -> dict[int, list[str]]:
    """Return, for each weight, the paths of the modules that have it."""
    users: dict[int, list[str]] = {}
    for name, parameter in walk.named_parameters(model):
        users.setdefault(id(parameter), []).append(name.rpartition(".")[0])
    return users
