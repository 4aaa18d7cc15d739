"""Finding the named tensors in what a checkpoint holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from spectra._text import listed
from spectra.errors import LoadError

Weights = dict[str, Tensor]

EMA_KEYS = (
    "params_ema",
    "state_dict_ema",
    "ema_state_dict",
    "model_ema",
    "net_ema",
    "netG_ema",
    "g_ema",
    "G_ema",
    "generator_ema",
    "ema_model",
    "ema",
)
PLAIN_KEYS = (
    "state_dict",
    "model_state_dict",
    "params",
    "model_state",
    "model",
    "net",
    "netG",
    "net_g",
    "generator",
    "G",
    "g",
    "gen",
    "network",
    "module",
    "weights",
    "decoder",
)
OPTIMIZER_KEYS = frozenset({"state", "param_groups"})


@dataclass(frozen=True)
class Found:
    """Weights found in a checkpoint, or a whole module."""

    weights: Weights | nn.Module
    notes: tuple[str, ...] = ()


def find_weights(content: object, source: str, *, key: str | None = None) -> Found:
    """Find the named tensors (or the module) in ``content``.

    Without ``key``, averaged (EMA) weights are preferred to the others, then the usual keys,
    then the only entry that looks like weights.

    Parameters
    ----------
    content : object
        What a file held.
    source : str
        Its name, for messages.
    key : str, optional
        Dotted path to the weights.

    Raises
    ------
    LoadError
        If ``key`` is absent, or there are no weights, or a choice that only the user can make.
    """
    if key is not None:
        return _at_key(content, source, key)
    found = _search(content)
    if found is not None:
        where, weights = found
        return Found(weights, _notes(content, where, weights))
    raise LoadError(_nothing_found(content, source))


Path = tuple[str, ...]
_Located = tuple[Path, Weights | nn.Module] | None
_DEEPEST = 4


def _search(content: object) -> _Located:
    """Return the path to the weights in ``content`` and the weights."""
    return _Search().find(content, 0)


class _Search:
    """One search; a dict that comes twice, or holds itself, is looked into once."""

    def __init__(self) -> None:
        self._known: dict[int, _Located] = {}

    def find(self, content: object, depth: int) -> _Located:
        """Return the path to the weights in ``content``, which lies ``depth`` dicts deep."""
        if isinstance(content, nn.Module):
            return (), content
        if not isinstance(content, Mapping) or depth > _DEEPEST or _is_optimizer(content):
            return None
        if id(content) not in self._known:
            self._known[id(content)] = None
            self._known[id(content)] = self._inside(content, depth)
        return self._known[id(content)]

    def _inside(self, content: Mapping[Any, Any], depth: int) -> _Located:
        places = ((str(name), self.find(value, depth + 1)) for name, value in content.items())
        found = {name: place for name, place in places if place is not None}
        tensors = _named_tensors(content)
        if not found and tensors and 2 * len(tensors) >= len(content):
            return (), tensors
        name = next((name for name in (*EMA_KEYS, *PLAIN_KEYS) if name in found), None)
        if name is None and len(found) == 1:
            (name,) = found
        if name is None:
            return None
        path, weights = found[name]
        return (name, *path), weights


def _at_key(content: object, source: str, key: str) -> Found:
    here, rest, walked = content, key, ""
    while rest:
        if not isinstance(here, Mapping):
            break
        parts = rest.split(".")
        names = {str(name): name for name in here}
        heads = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
        head = next((name for name in heads if name in names), None)
        if head is None:
            break
        here, rest, walked = here[names[head]], rest[len(head) + 1 :], f"{walked}{head}."
    inside = f" under {walked[:-1]!r}" if walked else ""
    if rest:
        present = listed(_describe(here)) if isinstance(here, Mapping) else _kind(here)
        raise LoadError(f"key={key!r} is not in {source}: it holds{inside} {present}")
    if isinstance(here, nn.Module):
        return Found(here, (f"module under key {key!r}",))
    tensors = _named_tensors(here) if isinstance(here, Mapping) else {}
    if not tensors or _is_optimizer(here):
        found = _search(here)
        if found is not None:
            return Found(found[1], (f"weights under key {'.'.join((key, *found[0]))!r}",))
        raise LoadError(f"key={key!r} of {source} holds {_kind(here)}, expected named tensors")
    return Found(tensors, (f"weights under key {key!r}",))


def _is_optimizer(content: object) -> bool:
    return isinstance(content, Mapping) and content.keys() >= OPTIMIZER_KEYS


def _named_tensors(content: Mapping[Any, Any]) -> Weights:
    """Return the tensors (and numeric arrays, as tensors) that ``content`` names directly."""
    tensors = {str(name): _tensor(value) for name, value in content.items()}
    return {name: tensor for name, tensor in tensors.items() if tensor is not None}


def _tensor(value: object) -> Tensor | None:
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        return torch.from_numpy(np.array(value, dtype=value.dtype.newbyteorder("=")))
    return value if isinstance(value, Tensor) else None


def _notes(
    content: object, where: tuple[str, ...], weights: Weights | nn.Module
) -> tuple[str, ...]:
    notes = []
    if isinstance(content, Mapping) and "pytorch-lightning_version" in content:
        notes.append("Lightning checkpoint")
    if where:
        what = "module" if isinstance(weights, nn.Module) else "weights"
        notes.append(f"{what} under key {'.'.join(where)!r}")
        search = _Search()
        entries = cast("Mapping[Any, Any]", content).items()
        others = [(str(name), value) for name, value in entries if str(name) != where[0]]
        siblings = [name for name, value in others if search.find(value, 1) is not None]
        if where[0] in EMA_KEYS:
            notes.append("averaged (EMA) weights preferred")
        if siblings:
            notes.append(f"other weights in the file, not used: {listed(siblings)}")
    return tuple(notes)


def _nothing_found(content: object, source: str) -> str:
    expected = "expected named tensors (a state_dict)"
    if isinstance(content, Tensor):
        return f"{source} holds {_kind(content)}, {expected}; an array belongs after the model"
    if not isinstance(content, Mapping):
        return f"{source} holds {_kind(content)}, {expected}; save model.state_dict()"
    optimizers = [value for value in (content, *content.values()) if _is_optimizer(value)]
    search = _Search()
    candidates = [str(name) for name, value in content.items() if search.find(value, 1) is not None]
    if candidates and not _is_optimizer(content):
        names = listed(candidates)
        return f"{source} holds several sets of weights ({names}): choose one with --key (key=)"
    if optimizers:
        return (
            f"{source} holds an optimizer's state and no weights: {expected}; give the file "
            "that was saved from the model"
        )
    return f"{source} holds no weights: {expected}, found {listed(_describe(content))}"


def _describe(content: Mapping[Any, Any]) -> list[str]:
    return [f"{name} ({_kind(value)})" for name, value in content.items()]


def _kind(value: object) -> str:
    if isinstance(value, Tensor):
        return f"tensor {tuple(value.shape)}"
    if isinstance(value, Mapping):
        return f"{len(value)} entries" if value else "an empty dict"
    return type(value).__name__
