"""The upsampling kernels in a model, or in bare weights as far as these can tell."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import partial
from itertools import pairwise
from math import prod
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import Tensor, nn

from spectra import capture, kernel
from spectra.errors import ParameterError

Certainty = Literal["module", "named", "certain", "likely"]
Strides = Mapping[str, tuple[int, ...]]

ASSUMED_STRIDE = 2
TELLING_NAMES = re.compile(
    r"deconv|conv_?t(?![a-z])|conv_?tr|trans\w*_?conv|up_?conv|conv_?up", re.IGNORECASE
)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
MODES: dict[str, kernel.InterpolatorName] = {
    "nearest": "nearest",
    "nearest-exact": "nearest",
    "area": "area",
    "linear": "bilinear",
    "bilinear": "bilinear",
    "trilinear": "bilinear",
    "bicubic": "bicubic",
}


@dataclass(frozen=True)
class Layer:
    """One upsampling kernel.

    Attributes
    ----------
    name : str
        Module path; of bare weights the tensor's name without ``.weight``.
    kind : str
        "transposed_conv", "pixel_shuffle" (with the convolution before it), an interpolation
        ("nearest"), or one with the convolution after it ("nearest+conv").
    certainty : str
        "module": the model says so. Of bare weights: "named" by the caller, "certain" or
        "likely" to be transposed.
    evidence : str
        Why, in a phrase.
    kernel : Kernel
    """

    name: str
    kind: str
    certainty: Certainty
    evidence: str
    kernel: kernel.Kernel


@dataclass(frozen=True)
class Reading:
    """What bare weights hold: kernels, and names of weights that may be some."""

    layers: tuple[Layer, ...]
    ambiguous: tuple[str, ...]
    notes: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()  # options that would fit, the likeliest first


def layers_of_model(
    model: nn.Module, example: Tensor | None = None, *, method: str = "forward"
) -> tuple[Layer, ...]:
    """Return the upsampling kernels of a model's modules, in their order.

    Transposed convolutions always. Pixel shuffles with the convolution before them, and
    interpolations with the one after them, where they stand in one ``Sequential``, or where a
    forward pass of ``example`` shows that one's output is the other's input.

    Raises
    ------
    ModelError
        If the model fails on the example.
    """
    modules = dict(model.named_modules())
    pairs = find_pairs(model, example, method=method)
    layers = []
    for name, module in modules.items():
        layer = _layer(name, module, modules.get(pairs.get(name, "")))
        if layer is not None:
            layers.append(layer)
    return tuple(layers)


def layers_of_script(
    script: nn.Module,
    *,
    strides: Strides | None = None,
    shuffles: Mapping[str, int] | None = None,
) -> Reading:
    """Return the upsampling kernels of a ScriptModule: what its program says, else its weights.

    Scripted convolutions keep their numbers as attributes, traced ones in their graph. Only of
    convolutions that are neither is anything assumed, as of bare weights.
    """
    known: dict[str, Layer | None] = {}
    for name, module in script.named_modules():
        weight = getattr(module, "weight", None)
        settings = _settings(module) if isinstance(weight, Tensor) and weight.ndim > 2 else None
        if settings is not None:
            known[name] = _of_program(name, cast("Tensor", weight), settings)
    bare = layers_of_weights(dict(script.state_dict()), strides=strides, shuffles=shuffles)
    rest = [
        layer for layer in bare.layers
        if layer.name not in known or (layer.kind == "pixel_shuffle" and known[layer.name] is None)
    ]  # fmt: skip
    return Reading(
        (*(layer for layer in known.values() if layer is not None), *rest),
        tuple(name for name in bare.ambiguous if name not in known),
        bare.notes,
        tuple(filter(None, (_without(hint, known) for hint in bare.hints))),
    )


def find_pairs(
    model: nn.Module, example: Tensor | None = None, *, method: str = "forward"
) -> dict[str, str]:
    """Return the convolution that belongs to each pixel shuffle and interpolation, by names."""
    modules = dict(model.named_modules())
    return {**_pairs_in_sequence(modules), **_pairs_in_motion(model, modules, example, method)}


def layers_of_weights(
    weights: Mapping[str, Tensor],
    *,
    strides: Strides | None = None,
    shuffles: Mapping[str, int] | None = None,
) -> Reading:
    """Return the upsampling kernels in bare weights: what must be one, or was named as one.

    Nothing in a state dict says whether a weight is of a convolution, and none what its stride
    is. A bias as long as the second axis and not as the first settles the former, as does the
    vector of a spectral norm. Strides that are not given are taken for 2, padding as that which
    keeps the size: energies do not depend on it, delays do.

    Parameters
    ----------
    weights : mapping of str to Tensor
    strides : mapping of str to tuple of int, optional
        Pattern of a tensor's name, with or without ``.weight`` -> stride of the transposed
        convolution that it is; 1 says that it does not upsample.
    shuffles : mapping of str to int, optional
        The same for convolutions before a pixel shuffle -> factor.

    Raises
    ------
    ParameterError
        If a pattern matches no weight, or the weight it names cannot be what is said.
    """
    strides, shuffles = dict(strides or {}), dict(shuffles or {})
    tensors, notes = resolved(weights)
    candidates = {
        name: tensor
        for name, tensor in tensors.items()
        if 3 <= tensor.ndim <= 5 and tensor.is_floating_point() and tensor.numel()
    }
    for pattern in (*strides, *shuffles):
        _check_pattern(pattern, candidates)
    layers: list[Layer] = []
    ambiguous: list[str] = []
    named_so = _telling(candidates)
    for name, tensor in candidates.items():
        stride = _value(strides, name)
        if stride is not None and set(stride) == {1}:
            continue
        factor = _value(shuffles, name)
        if factor is not None:
            layers.append(_named_shuffle(name, tensor, factor))
            continue
        verdict = _classify(name, weights, tensor, likely=name in named_so)
        if stride is not None:
            layers.append(_named(name, tensor, stride, verdict.groups))
        elif verdict.certainty is not None:
            assumed = (ASSUMED_STRIDE,) * (tensor.ndim - 2)
            evidence = f"{verdict.evidence}; stride {ASSUMED_STRIDE} assumed"
            layers.append(
                Layer(
                    *(_stem(name), "transposed_conv", verdict.certainty, evidence),
                    _transposed(name, tensor, assumed, verdict.groups),
                )
            )
        elif verdict.possible:
            ambiguous.append(_stem(name))
    settled = {layer.name for layer in layers}
    settled |= {_stem(name) for name in candidates if _value(strides, name) is not None}
    hints = _hints(candidates, ambiguous, settled)
    return Reading(tuple(layers), _sorted(ambiguous, candidates), notes, hints)


def resolved(weights: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Return the weights as layers use them: weight_norm and spectral_norm multiplied out.

    Both spellings: hooks (``weight_g``, ``weight_orig``) and parametrizations
    (``parametrizations.weight.original0``). Of other parametrizations the original is taken,
    and a note says so.
    """
    result: dict[str, Tensor] = {}
    notes: list[str] = []
    for name, tensor in weights.items():
        stem, _, last = name.rpartition(".")
        within = f"{stem}." if stem else ""
        if last == "weight_v" and tensor.ndim > 1 and f"{within}weight_g" in weights:
            result[f"{within}weight"] = _weight_norm(weights[f"{within}weight_g"], tensor)
        elif last == "weight_orig" and f"{within}weight_u" in weights:
            result[f"{within}weight"] = _spectral_norm(
                tensor, weights[f"{within}weight_u"], weights.get(f"{within}weight_v")
            )
        elif name.endswith("parametrizations.weight.original1"):
            magnitude = weights.get(f"{stem}.original0")
            if magnitude is not None:
                result[_outside(stem)] = _weight_norm(magnitude, tensor)
        elif name.endswith("parametrizations.weight.original"):
            vectors = [n for n in weights if n.startswith(f"{stem}.") and n.endswith("._u")]
            if vectors:
                u = weights[vectors[0]]
                v = weights.get(vectors[0].removesuffix("_u") + "_v")
                result[_outside(stem)] = _spectral_norm(tensor, u, v)
            else:
                result[_outside(stem)] = tensor
                notes.append(f"{_outside(stem)}: its parametrization is not known, left out")
        elif "parametrizations.weight" not in name and last not in ("weight_g", "weight_u"):
            result[name] = tensor
    return result, tuple(notes)


def measure_steps(
    model: nn.Module, discovery: capture.Discovery, example: Tensor
) -> tuple[kernel.Measures | None, ...]:
    """Return what the kernel of each step says by itself; None where it is not known.

    Known are those of transposed convolutions and of pixel shuffles that directly follow a
    convolution, as modules, and those of interpolations.
    """
    layers: dict[str, Layer] = {}
    if any(step.kind in ("transposed_conv", "pixel_shuffle") for step in discovery.steps):
        found = layers_of_model(model, example, method=discovery.method)
        layers = {layer.name: layer for layer in found}
    return tuple(_of_step(step, layers.get(step.name)) for step in discovery.steps)


def _of_step(step: capture.Step, layer: Layer | None) -> kernel.Measures | None:
    if step.kind in MODES and step.factor:
        fixed = kernel.interpolator(MODES[step.kind], step.factor)
        return kernel.measure(fixed)
    if layer is None or layer.kind != step.kind or layer.kernel.stride != step.factor:
        return None
    return kernel.measure(layer.kernel) if layer.kernel.weight.any() else None


# Models.


def _layer(name: str, module: nn.Module, partner: nn.Module | None) -> Layer | None:
    """Return the kernel of a module, with the convolution that belongs to it if there is one."""
    if isinstance(module, TRANSPOSED) and max(module.stride) > 1:
        # A transposed convolution has its padding as numbers, not as a word.
        found = kernel.transposed_conv(
            _weight(module),
            stride=module.stride,
            padding=cast("tuple[int, ...]", module.padding),
            output_padding=module.output_padding,
            dilation=module.dilation,
            groups=module.groups,
        )
        return Layer(name, "transposed_conv", "module", type(module).__name__, found)
    if isinstance(module, nn.PixelShuffle) and isinstance(partner, CONVOLUTIONS):
        found = kernel.pixel_shuffle(
            _full(partner), factor=module.upscale_factor, padding=_padding(partner)
        )
        return Layer(name, "pixel_shuffle", "module", "Conv2d and PixelShuffle", found)
    if isinstance(module, nn.Upsample) and (factor := _upsample_factor(module)):
        axes = partner.weight.ndim - 2 if isinstance(partner, CONVOLUTIONS) else _axes(module)
        if axes is None or (isinstance(factor, tuple) and len(factor) != axes):
            return None
        fixed = kernel.interpolator(MODES[module.mode], factor, axes=axes)
        if not isinstance(partner, CONVOLUTIONS):
            return Layer(name, module.mode, "module", "Upsample", fixed)
        found = kernel.interpolated_conv(_full(partner), fixed, padding=_padding(partner))
        return Layer(name, f"{module.mode}+conv", "module", "Upsample and convolution", found)
    return None


def _without(hint: str, known: Collection[str]) -> str:
    """Drop the stride from a hint, where the program has it."""
    options = hint.split(" or ")
    asked = [o.removeprefix("--stride ").rpartition("=")[0] for o in options]
    return " or ".join(o for o, name in zip(options, asked, strict=True) if name not in known)


@dataclass(frozen=True)
class _Settings:
    """The numbers of one convolution of a program."""

    transposed: bool
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    output_padding: tuple[int, ...]
    groups: int


def _settings(module: nn.Module) -> _Settings | None:
    """Return the numbers of a scripted or traced convolution, None of any other module."""
    kind = str(getattr(module, "original_name", ""))
    if kind.startswith("Conv") and hasattr(module, "stride") and hasattr(module, "output_padding"):
        if kind.startswith("ConvTranspose"):
            given: Any = module
            return _Settings(
                *(True, tuple(given.stride), tuple(given.padding), tuple(given.dilation)),
                *(tuple(given.output_padding), int(given.groups)),
            )
        return _Settings(False, (), (), (), (), 1)
    for node in _nodes(module):
        if node.kind() in ("aten::_convolution", "aten::convolution"):
            stride, padding, dilation, extra = (
                _numbers(node.inputsAt(index)) for index in (3, 4, 5, 7)
            )
            transposed, groups = node.inputsAt(6).toIValue(), node.inputsAt(8).toIValue()
            if not (stride and padding and dilation and extra) or groups is None:
                return None
            return _Settings(bool(transposed), stride, padding, dilation, extra, groups)
    return None


def _nodes(module: nn.Module) -> Iterator[Any]:
    compiled: Any = getattr(module, "_c", None)
    if compiled is not None and compiled._has_method("forward"):
        yield from compiled._get_method("forward").graph.nodes()


def _numbers(value: Any) -> tuple[int, ...]:
    """Return the constant list that a graph passes; nothing where it is computed."""
    if (constant := value.toIValue()) is not None:
        return tuple(constant)
    parts = [part.toIValue() for part in value.node().inputs()]
    return () if None in parts else tuple(parts)


def _of_program(name: str, weight: Tensor, settings: _Settings) -> Layer | None:
    if not settings.transposed or max(settings.stride) == 1:
        return None
    found = kernel.transposed_conv(
        _numpy(weight),
        stride=settings.stride,
        padding=settings.padding,
        output_padding=settings.output_padding,
        dilation=settings.dilation,
        groups=settings.groups,
    )
    return Layer(name, "transposed_conv", "module", "transposed in the program", found)


def _pairs_in_sequence(modules: Mapping[str, nn.Module]) -> dict[str, str]:
    """Return which convolution stands beside a shuffle or interpolation in a Sequential."""
    pairs = {}
    for name, module in modules.items():
        if isinstance(module, nn.Sequential):
            children = [(f"{name}.{key}" if name else key, m) for key, m in module.named_children()]
            for (first, one), (second, other) in pairwise(children):
                if _plain(one) and isinstance(other, nn.PixelShuffle):
                    pairs[second] = first
                elif isinstance(one, nn.Upsample) and _plain(other):
                    pairs[first] = second
    return pairs


def _pairs_in_motion(
    model: nn.Module, modules: Mapping[str, nn.Module], example: Tensor | None, method: str
) -> dict[str, str]:
    """Return which convolution's output enters a shuffle, and which takes an interpolation's."""
    kinds = (nn.PixelShuffle, nn.Upsample)
    if example is None or not any(isinstance(m, kinds) for m in modules.values()):
        return {}
    pairs: dict[str, str] = {}
    last: list[tuple[str, nn.Module, Tensor]] = []

    def before(name: str, module: nn.Module, arguments: tuple[Any, ...]) -> None:
        if not last or not arguments or arguments[0] is not last[0][2]:
            return
        source, origin, _ = last[0]
        if isinstance(module, nn.PixelShuffle) and _plain(origin):
            pairs[name] = source
        elif isinstance(origin, nn.Upsample) and _plain(module):
            pairs[source] = name

    def after(name: str, module: nn.Module, _arguments: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            last[:] = [(name, module, output)]

    handles = []
    for name, module in modules.items():
        if isinstance(module, (*kinds, *CONVOLUTIONS)):
            handles.append(module.register_forward_pre_hook(partial(before, name)))
            handles.append(module.register_forward_hook(partial(after, name)))
    try:
        with capture.quiet(model):
            capture.forward(model, example, method=method)
    finally:
        last.clear()
        for handle in handles:
            handle.remove()
    return pairs


def _plain(module: nn.Module) -> bool:
    """Tell whether a module is a convolution that only filters: stride and dilation 1."""
    return (
        isinstance(module, CONVOLUTIONS)
        and max(*module.stride, *module.dilation) == 1
        and not isinstance(module.padding, str)
    )


def _weight(module: nn.Module) -> np.ndarray[Any, Any]:
    """Return the weight that a layer uses, whatever its parametrization."""
    for hook in module._forward_pre_hooks.values():  # old weight_norm and spectral_norm
        compute = getattr(hook, "compute_weight", None)
        if compute is not None:
            takes_flag = "do_power_iteration" in compute.__code__.co_varnames
            found = compute(module, False) if takes_flag else compute(module)
            return _numpy(found)
    return _numpy(cast("Tensor", module.weight))


def _full(module: nn.Module) -> np.ndarray[Any, Any]:
    """Return a convolution's weight with its groups written out."""
    weight = _weight(module)
    groups = cast("int", module.groups)
    if groups == 1:
        return weight
    outputs, inputs = weight.shape[0] // groups, weight.shape[1]
    full = np.zeros((weight.shape[0], inputs * groups, *weight.shape[2:]), weight.dtype)
    for g in range(groups):
        rows = slice(g * outputs, (g + 1) * outputs)
        full[rows, g * inputs : (g + 1) * inputs] = weight[rows]
    return full


def _padding(module: nn.Module) -> tuple[int, ...]:
    return cast("tuple[int, ...]", module.padding)


def _upsample_factor(module: nn.Upsample) -> int | tuple[int, ...] | None:
    """Return the factor of an interpolation that has a kernel, None of any other."""
    if module.align_corners or module.mode not in MODES or module.scale_factor is None:
        return None
    given = module.scale_factor
    values = given if isinstance(given, tuple) else (given,)
    if any(v != int(v) or v < 1 for v in values) or max(values) < 2:
        return None
    whole = tuple(int(v) for v in values)
    return whole if isinstance(given, tuple) else whole[0]


def _axes(module: nn.Upsample) -> int | None:
    """Return the number of axes, where the mode tells it."""
    if isinstance(module.scale_factor, tuple):
        return len(module.scale_factor)
    return {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}.get(module.mode, 2)


# Bare weights.


@dataclass(frozen=True)
class _Verdict:
    certainty: Certainty | None
    groups: int
    evidence: str
    possible: bool


def _telling(candidates: Mapping[str, Tensor]) -> set[str]:
    """Return the weights whose name says that they are transposed, and whose size allows it.

    A parent's name, as of a list of convolutions that ends in a transposed one, tells only of
    even kernels; and where some that are named alike are even, the odd ones are plain.
    """
    groups: dict[str, dict[str, bool]] = defaultdict(dict)
    for name, tensor in candidates.items():
        parts = _stem(name).split(".")
        lettered = [i for i, part in enumerate(parts) if any(map(str.isalpha, part))]
        telling = [i for i in lettered if TELLING_NAMES.search(parts[i])]
        even = all(k % ASSUMED_STRIDE == 0 for k in tensor.shape[2:])
        if telling and (even or telling[-1] == lettered[-1]):
            groups[".".join(parts[: telling[0]])][name] = even
    return {
        name
        for group in groups.values()
        for name, even in group.items()
        if even or not any(group.values())
    }


def _classify(
    name: str, weights: Mapping[str, Tensor], tensor: Tensor, *, likely: bool
) -> _Verdict:
    """Say whether a weight is of a transposed convolution, by what stands beside it."""
    first, second = tensor.shape[:2]
    no = _Verdict(None, 1, "", False)
    if not name.endswith("weight") or prod(tensor.shape[2:]) == 1:
        return no
    stem = name.removesuffix("weight")
    bias = weights.get(f"{stem}bias")
    if bias is not None and bias.ndim == 1:
        length = len(bias)
        groups = length // second if length % second == 0 else 0
        fits = groups > 0 and first % groups == 0
        if length != first:
            if not fits:
                return no
            within = f" in {groups} groups" if groups > 1 else ""
            text = f"its bias has {length} channels{within}, its first axis {first}"
            return _Verdict("certain", groups, text, True)
        if not fits:
            return no
        return _Verdict("likely" if likely else None, groups, "by its name", True)
    vectors = (f"{stem}weight_u", f"{stem}parametrizations.weight.0._u")
    u = next((weights[v] for v in vectors if v in weights), None)
    if u is not None and first != second:
        if len(u) != second:
            return no
        text = "its spectral norm is taken along the second axis"
        return _Verdict("certain", 1, text, True)
    following = _norm_after(name, weights)
    if following == second != first:
        text = f"the normalisation after it has {following} channels, its first axis {first}"
        return _Verdict("likely", 1, text, True)
    if following == first != second:
        return no
    return _Verdict("likely" if likely else None, 1, "by its name", True)


def _norm_after(name: str, weights: Mapping[str, Tensor]) -> int | None:
    """Return the channels of the normalisation that was saved right after a weight."""
    names = list(weights)
    stem = name.removesuffix("weight")
    own = [i for i, n in enumerate(names) if n.startswith(stem)]
    if not own or own[-1] + 1 >= len(names):
        return None
    following = weights[names[own[-1] + 1]]
    return len(following) if following.ndim == 1 and len(following) > 1 else None


def _named(name: str, tensor: Tensor, stride: tuple[int, ...], groups: int) -> Layer:
    axes = tensor.ndim - 2
    strides = stride * axes if len(stride) == 1 else stride
    if len(strides) != axes:
        expected = f"1 or {axes}" if axes > 1 else "1"
        message = f"stride of {_stem(name)!r} has {len(stride)} numbers: expected {expected}"
        raise ParameterError(message)
    found = _transposed(name, tensor, strides, groups)
    return Layer(_stem(name), "transposed_conv", "named", "named with its stride", found)


def _named_shuffle(name: str, tensor: Tensor, factor: int) -> Layer:
    padding = tuple((k - 1) // 2 for k in tensor.shape[2:])
    try:
        found = kernel.pixel_shuffle(_numpy(tensor), factor=factor, padding=padding)
    except ParameterError as error:
        raise ParameterError(f"{_stem(name)}: {error}") from error
    return Layer(_stem(name), "pixel_shuffle", "named", "named with its factor", found)


def _transposed(name: str, tensor: Tensor, stride: tuple[int, ...], groups: int) -> kernel.Kernel:
    pairs = [kernel.same_size_padding(k, s) for k, s in zip(tensor.shape[2:], stride, strict=True)]
    padding, extra = zip(*pairs, strict=True)
    try:
        return kernel.transposed_conv(
            _numpy(tensor), stride=stride, padding=padding,
            output_padding=tuple(max(0, e) for e in extra), groups=groups,
        )  # fmt: skip
    except ParameterError as error:
        raise ParameterError(f"{_stem(name)}: {error}") from error


def _weight_norm(magnitude: Tensor, direction: Tensor) -> Tensor:
    """Return ``g v / norm(v)``, the norm over all axes but those along which g varies."""
    axes = [axis for axis, n in enumerate(magnitude.shape) if n == 1 and axis < direction.ndim]
    if magnitude.ndim != direction.ndim:
        axes = list(range(direction.ndim))
    norm = torch.linalg.vector_norm(direction.float(), dim=axes, keepdim=True)
    multiplied: Tensor = direction.float() * (magnitude.float() / norm)
    return multiplied


def _spectral_norm(original: Tensor, u: Tensor, v: Tensor | None) -> Tensor:
    """Return the weight over its largest singular value, as the saved vectors have it."""
    along = next((axis for axis in (0, 1) if original.shape[axis] == len(u)), 0)
    matrix = original.float().movedim(along, 0).flatten(1)
    largest = torch.linalg.matrix_norm(matrix, 2) if v is None else u.float() @ matrix @ v.float()
    divided: Tensor = original.float() / largest
    return divided


def _check_pattern(pattern: str, candidates: Mapping[str, Tensor]) -> None:
    if not any(_matches(pattern, name) for name in candidates):
        stems = [_stem(name) for name in candidates]
        near = get_close_matches(pattern, stems, 3, cutoff=0.3) or stems[:3] or ["no kernel at all"]
        message = f"{pattern!r} matches no weight with spatial axes: there are {', '.join(near)}"
        raise ParameterError(message)


def _value(values: Mapping[str, Any], name: str) -> Any:
    return next((v for pattern, v in values.items() if _matches(pattern, name)), None)


def _matches(pattern: str, name: str) -> bool:
    return any(n == pattern or fnmatchcase(n, pattern) for n in (name, _stem(name)))


def _sorted(stems: Iterable[str], candidates: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Return names with the likeliest first: even kernels, "up" in the name, late in the file.

    Last comes what could only upsample channel by channel.
    """
    place = {_stem(name): index for index, name in enumerate(candidates)}
    of = {_stem(name): tensor for name, tensor in candidates.items()}

    def key(stem: str) -> tuple[bool, bool, bool, int]:
        odd = any(k % 2 for k in of[stem].shape[2:])
        return _depthwise(of[stem]), odd, "up" not in stem.lower(), -place[stem]

    return tuple(sorted(stems, key=key))


def _hints(
    candidates: Mapping[str, Tensor], ambiguous: Sequence[str], settled: Collection[str]
) -> tuple[str, ...]:
    """Return the options by which unsettled weights could be named, the likeliest first."""
    last = next(
        (name for name in reversed(list(candidates)) if prod(candidates[name].shape[2:]) > 1), ""
    )
    options: dict[str, list[str]] = {}
    for name, tensor in candidates.items():
        stem = _stem(name)
        if stem in settled or not name.endswith("weight") or prod(tensor.shape[2:]) == 1:
            continue
        factor = _likely_factor(tensor, last=name == last)
        fits = [f"--shuffle {stem}={factor}"] if factor else []
        if stem in ambiguous and not _depthwise(tensor):
            fits.append(f"--stride {stem}={ASSUMED_STRIDE}")
        if fits:
            options[stem] = fits
    return tuple(" or ".join(options[stem]) for stem in _sorted(options, candidates))


def _likely_factor(tensor: Tensor, *, last: bool) -> int | None:
    """Return by which factor a shuffle after this convolution would leave usual channels.

    Those of a picture at the end; else as many as came in, or a multiple of them (groups) that
    is a power of two.
    """
    outputs, inputs = tensor.shape[:2]
    if any(k % 2 == 0 for k in tensor.shape[2:]):
        return None
    for factor in (2, 3, 4):
        left, rest = divmod(outputs, factor ** (tensor.ndim - 2))
        widened = inputs > 4 and left % inputs == 0 and (left == inputs or left.bit_count() == 1)
        if not rest and left and (widened or (last and left in (1, 3))):
            return factor
    return None


def _depthwise(tensor: Tensor) -> bool:
    """Tell whether a weight has one channel a group, if it is transposed."""
    return tensor.shape[1] == 1 < tensor.shape[0]


def _stem(name: str) -> str:
    return name.removesuffix(".weight")


def _outside(stem: str) -> str:
    return stem.removesuffix("parametrizations.weight") + "weight"


def _numpy(tensor: Tensor) -> np.ndarray[Any, Any]:
    plain = tensor.detach().cpu()
    if plain.dtype not in (torch.float32, torch.float64):
        plain = plain.float()
    return cast("np.ndarray[Any, Any]", plain.numpy())
