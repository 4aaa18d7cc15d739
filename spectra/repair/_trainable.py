"""Which layers of a model a repair may change, and what of it runs but once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Literal, get_args

from torch import Tensor, nn

from spectra import _walk as walk
from spectra.capture import Discovery, forward, quiet
from spectra.errors import ConversionError, ParameterError

if TYPE_CHECKING:
    from spectra.capture import Step
    from spectra.remedy import Plan

Train = Literal["steps", "behind", "decoder"]
KEPT_BYTES = 512 << 20  # of maps before the first layer that changes


@dataclass(frozen=True, eq=False)
class Layers:
    """The layers of a model in the order in which they first run.

    Attributes
    ----------
    order : tuple of Module
        Those with parameters of their own.
    steps : tuple of Module
        Those that make its steps.
    shrinks : tuple of bool
        Whether what each makes is smaller than what enters it, in space.
    once : frozenset of Module
        Those that ran but once, and made a tensor.
    """

    order: tuple[nn.Module, ...]
    steps: tuple[nn.Module, ...]
    shrinks: tuple[bool, ...]
    once: frozenset[nn.Module]

    def trained(self, train: Train) -> list[nn.Module]:
        """Return the layers that may change.

        "steps" are those that upsample; "behind" are all that first run after the first of them
        too; "decoder" are all behind the last layer that makes its map smaller.
        """
        if train not in get_args(Train):
            raise ParameterError(f"train={train!r}: expected one of {', '.join(get_args(Train))}")
        if train == "steps":
            return [layer for layer in self.order if layer in self.steps]
        first = min(self.order.index(layer) for layer in self.steps)
        if train == "decoder":
            before = [i for i, smaller in enumerate(self.shrinks) if smaller and i < first]
            first = max(before, default=-1) + 1
        return list(self.order[first:])

    def kept(self, trained: list[nn.Module]) -> list[nn.Module]:
        """Return the layers before those that change, whose maps stay the same."""
        first = min(self.order.index(layer) for layer in trained)
        return [layer for layer in self.order[:first] if layer in self.once]


def find_layers(
    model: nn.Module, found: Discovery, steps: Sequence[Step], *, x: Tensor, plan: Plan | None
) -> Layers:
    """Return the layers of a model from one forward pass.

    Parameters
    ----------
    model : Module
        Left as it came.
    found : Discovery
        What is known of it.
    steps : sequence of Step
        Those that are repaired.
    x : Tensor, shape (1, C, *spatial)
        One input.
    plan : Plan, optional
        What was swapped in the model: those layers are its steps.

    Raises
    ------
    ConversionError
        If no step has weights of its own.
    """
    runs: dict[nn.Module, list[tuple[int, int] | None]] = {}

    def note(module: nn.Module, args: tuple[Any, ...], made: Any) -> None:
        maps = args[:1] if args and isinstance(args[0], Tensor) else ()
        sides = [tuple(t.shape[2:]) for t in (*maps, made) if isinstance(t, Tensor)]
        entry = (prod(sides[0]), prod(sides[1])) if len(sides) == 2 else None
        runs.setdefault(module, []).append(entry)

    own = [m for m in walk.modules(model) if any(p is not None for p in m._parameters.values())]
    with ExitStack() as hooks, quiet(model):
        for module in own:
            hooks.enter_context(module.register_forward_hook(note))
        forward(model, x, found=found)
    order = tuple(runs)
    layers = _step_layers(model, steps, plan, order)
    if not layers:
        raise ConversionError(
            "no step has weights of its own that a repair could change: swap them, --with lctc7"
        )
    first = [entries[0] for entries in runs.values()]
    return Layers(
        order,
        layers,
        shrinks=tuple(sizes is not None and sizes[1] < sizes[0] for sizes in first),
        once=frozenset(m for m, e in runs.items() if len(e) == 1 and e[0] and not m._modules),
    )


def has_weights(model: nn.Module, step: Step) -> bool:
    """Tell whether a step has weights of its own that can be trained where they are."""
    name = step.convolution.module if step.convolution else ""
    modules = walk.modules_by_path(walk.unwrap(model))
    return step.kind == "transposed_conv" and walk.is_transposed(modules.get(name))


def _step_layers(
    model: nn.Module, steps: Sequence[Step], plan: Plan | None, order: tuple[nn.Module, ...]
) -> tuple[nn.Module, ...]:
    """Return the layers that make the steps, swapped or their own."""
    modules = walk.modules_by_path(walk.unwrap(model))
    roots = [walk.submodule(model, entry.path) for entry in plan.replaced] if plan else []
    inside = {m for root in roots for m in walk.modules(root)}
    for step in steps:
        name = step.convolution.module if step.convolution else None
        if step.kind == "transposed_conv" and name in modules:
            inside.add(modules[name])
    return tuple(layer for layer in order if layer in inside)


@contextmanager
def running_once(layers: list[nn.Module]) -> Iterator[Kept]:
    """Let layers run but once for each batch: what does not change is kept, up to 512 MiB."""
    kept = Kept()
    plain = {}
    try:
        for layer in layers:
            plain[layer] = layer.__dict__.get("forward")
            layer.forward = kept.of(layer)
        yield kept
    finally:
        for layer, own in plain.items():
            if own is None:
                del layer.__dict__["forward"]
            else:
                layer.__dict__["forward"] = own


class Kept:
    """Maps of layers by batch."""

    def __init__(self) -> None:
        self.batch = -1  # the batch that runs; none is kept of another
        self._maps: dict[tuple[int, nn.Module], Tensor] = {}
        self._bytes = 0

    def of(self, layer: nn.Module) -> Any:
        """Return a forward of a layer that computes a batch once."""
        compute = layer.forward

        def run(*args: Any, **kwargs: Any) -> Any:
            key = self.batch, layer
            if key in self._maps:
                return self._maps[key].clone()  # what comes next may write into it
            made = compute(*args, **kwargs)
            size = made.numel() * made.element_size() if isinstance(made, Tensor) else KEPT_BYTES
            if self.batch >= 0 and self._bytes + size <= KEPT_BYTES:
                self._bytes += size
                self._maps[key] = made.detach().clone()
            return made

        return run


def names_of(model: nn.Module, layers: list[nn.Module]) -> list[str]:
    """Return the paths of layers in a model."""
    paths: Mapping[nn.Module, str] = {m: path for path, m in walk.named_modules(model)}
    return [paths[layer] for layer in layers]
