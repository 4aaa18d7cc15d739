"""Fitting named tensors to a module: prefixes, dtypes, and what does not match."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set

import torch
from torch import Tensor, nn

from spectra._text import brief, listed
from spectra.errors import LoadError
from spectra.load._find_weights import Weights
from spectra.load._values import dtype_name

WRAPPERS = re.compile(
    r"(?:^|(?<=\.))(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\."
)
_EMA = re.compile(r"(?:^|[._])ema(?:[._]|$)")


def fit(
    model: nn.Module,
    weights: Weights,
    source: str,
    *,
    strip_prefix: str | None = None,
    strict: bool = True,
) -> tuple[str, ...]:
    """Copy ``weights`` into ``model`` and return notes on what was assumed.

    Parameters
    ----------
    model : Module
        Filled in place; keeps its own dtypes.
    weights : dict of str to Tensor
        The tensors by the names of the file.
    source : str
        Where the weights come from, for messages.
    strip_prefix : str, optional
        Prefix to remove from the names; by default the one that fits ``model`` best.
    strict : bool
        Refuse missing and unexpected names and other shapes instead of noting them.

    Raises
    ------
    LoadError
        If the weights do not fit, naming what is missing, unexpected or of another shape.
    """
    own = {name: value for name, value in model.state_dict().items() if isinstance(value, Tensor)}
    weights, notes = (
        align(weights, own.keys()) if strip_prefix is None else strip(weights, strip_prefix, source)
    )
    # torch raises at tensors of another shape even where it is not strict, so they stay out.
    reshaped = {name for name, tensor in weights.items() if not _same_shape(own.get(name), tensor)}
    fitting = {name: tensor for name, tensor in weights.items() if name not in reshaped}
    try:
        result = model.load_state_dict(fitting, strict=False)
    except Exception as error:
        message = f"the weights of {source} do not fit the model ({brief(error)})"
        raise LoadError(f"{message}: check --arch and --arch-arg") from error
    shapes = [
        f"{name} (file {tuple(weights[name].shape)}, model {tuple(own[name].shape)})"
        for name in weights
        if name in reshaped
    ]
    missing = [name for name in result.missing_keys if name not in reshaped]
    problems = problems_text(
        {
            "missing": missing,
            "unexpected": result.unexpected_keys,
            "of another shape": shapes,
        }
    )
    # Not even strict=False takes a file of which no name is the model's: it would run untrained.
    nothing_fits = not fitting.keys() & own.keys() and bool(own)
    if problems and (strict or nothing_fits):
        raise LoadError(
            f"the weights of {source} do not fit the model: {'; '.join(problems)}; check --arch "
            "and --arch-arg, choose other weights with --key"
            + ("" if nothing_fits else ", or accept it with --no-strict (strict=False)")
        )
    return (
        *notes,
        *_conversions(own, fitting),
        *(f"weights that do not fit, accepted: {problem}" for problem in problems),
    )


def problems_text(groups: Mapping[str, Sequence[str]]) -> list[str]:
    """Return one phrase for each group of names that is not empty."""
    return [f"{len(names)} {what}: {listed(names, 4)}" for what, names in groups.items() if names]


def _same_shape(own: Tensor | None, tensor: Tensor) -> bool:
    """Tell whether shapes agree; a name that is not there and a lazy parameter always do."""
    return own is None or torch.nn.parameter.is_lazy(own) or own.shape == tensor.shape


def _conversions(own: Weights, weights: Weights) -> tuple[str, ...]:
    """Return one note for each change of floating-point type."""
    changes = {
        (dtype_name(tensor), dtype_name(own[name]))
        for name, tensor in weights.items()
        if name in own and tensor.is_floating_point() and tensor.dtype != own[name].dtype
    }
    return tuple(f"{old} weights loaded as {new}" for old, new in sorted(changes))


def align(weights: Weights, names: Set[str]) -> tuple[Weights, tuple[str, ...]]:
    """Rename ``weights`` so that as many as possible carry the ``names`` of the model.

    The prefix that turns most names of the file into names of the model is removed; entries
    outside it belong to something else (a loss, a discriminator) and are left out. A prefix
    that only the model has is added. Parts that wrappers insert (``_orig_mod.``) go first.

    Returns
    -------
    weights : dict of str to Tensor
        The tensors by the names of the file.
    notes : tuple of str
    """
    notes: tuple[str, ...] = ()
    if any(map(WRAPPERS.search, weights)) and not any(map(WRAPPERS.search, names)):
        weights = {WRAPPERS.sub("", name): tensor for name, tensor in weights.items()}
        notes = ("names of compile or FSDP wrappers removed",)
    prefix = best_prefix(weights, names)
    if prefix:
        within = _within(weights, prefix)
        return within, (*notes, _removed(prefix, len(weights) - len(within)))
    prefix = "" if weights.keys() & names else best_prefix(names, weights.keys())
    if prefix:
        added = {prefix + name: tensor for name, tensor in weights.items()}
        return added, (*notes, f"prefix {prefix!r} added")
    return weights, notes


def best_prefix(have: Iterable[str], want: Set[str]) -> str:
    """Return the prefix of names in ``have`` whose removal gives most names in ``want``.

    Where two are equal: none at all, then averaged (EMA) weights, then the shorter.

    Examples
    --------
    >>> best_prefix(["net.conv.weight", "net.conv.bias", "loss.weight"], {"conv.weight"})
    'net.'
    """
    counts = Counter(
        name[:cut]
        for name in have
        for cut in (0, *(dot.end() for dot in re.finditer(r"\.", name)))
        if name[cut:] in want
    )
    return max(
        counts, key=lambda p: (counts[p], p == "", bool(_EMA.search(p)), -len(p)), default=""
    )


def strip(weights: Weights, prefix: str, source: str) -> tuple[Weights, tuple[str, ...]]:
    """Return the entries of ``weights`` under ``prefix``, without it."""
    for candidate in (prefix, f"{prefix}."):
        within = _within(weights, candidate)
        if within and not any(name.startswith(".") for name in within):
            return within, (_removed(candidate, len(weights) - len(within)),)
    raise LoadError(
        f"strip_prefix={prefix!r} begins no name of {source}: expected the start of "
        f"{listed(weights, 3)}"
    )


def strip_common(weights: Weights) -> tuple[Weights, tuple[str, ...]]:
    """Remove the dotted prefix that all names share, for a model that is not known yet."""
    # What the first and the last name in sorted order share, all between them share as well.
    first, last = min(weights), max(weights)
    pairs = enumerate(zip(first, last, strict=False))
    shared = next((first[:index] for index, (a, b) in pairs if a != b), first)
    # Whole parts only: "conv1" and "conv2" share "conv", which is no module.
    prefix = shared[: shared.rfind(".") + 1]
    if not prefix or first == prefix:
        return weights, ()
    return _within(weights, prefix), (_removed(prefix, 0),)


def _within(weights: Weights, prefix: str) -> Weights:
    inside = (name for name in weights if name.startswith(prefix))
    return {name.removeprefix(prefix): weights[name] for name in inside}


def _removed(prefix: str, outside: int) -> str:
    rest = f"; {outside} entries outside it not used" if outside else ""
    return f"prefix {prefix!r} removed{rest}"
