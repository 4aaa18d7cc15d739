"""``random:latent?shape=512,4,4&n=16&seed=0``, read."""

from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import parse_qsl

from spectra._checks import MOST
from spectra._text import suggestion
from spectra.errors import InputError

PREFIX = "random:"
KEYS = ("shape", "n", "seed", "dist")
_FORM = "expected such as 'random:latent?shape=512,4,4&n=16&seed=0&dist=normal'"


@dataclass(frozen=True)
class RandomSpec:
    """Random inputs that a text describes.

    Attributes
    ----------
    source : str
        The text.
    kind : {"latent", "image"}
        What the samples stand for.
    shape : tuple of int
        Shape of ONE sample, without the sample axis, taken literally: ``shape=100,1,1`` gives
        batches (b, 100, 1, 1), and ``shape=1,512`` gives (b, 1, 512).
    count : int
        Number of samples.
    seed : int or None
        None: that of the call.
    dist : {"normal", "uniform"}
        Law of the values: mean 0 and deviation 1, or even over the range asked for.
    """

    source: str
    kind: Literal["latent", "image"]
    shape: tuple[int, ...]
    count: int
    seed: int | None
    dist: Literal["normal", "uniform"]


def parse_random(source: str) -> RandomSpec:
    """Return what ``source`` describes.

    Raises
    ------
    InputError
        If the specification has another form, saying which part.

    Examples
    --------
    >>> spec = parse_random("random:latent?shape=1,512")
    >>> spec.shape, spec.count, spec.dist
    ((1, 512), 16, 'normal')
    """
    kind, _, query = source.removeprefix(PREFIX).partition("?")
    if kind not in ("latent", "image"):
        raise InputError(f"{source!r} is no random input: {suggestion(kind, ('latent', 'image'))}")
    try:
        fields = dict(parse_qsl(query, strict_parsing=bool(query), keep_blank_values=True))
    except ValueError as error:
        raise InputError(f"{source!r} cannot be read: {_FORM}") from error
    for name in fields:
        if name not in KEYS:
            raise InputError(f"{source!r} has an unknown part {name!r}: {suggestion(name, KEYS)}")
    if "shape" not in fields:
        raise InputError(f"{source!r} has no shape: {_FORM}")
    shape = tuple(_integer(source, "shape", text, 1) for text in fields["shape"].split(","))
    count = _integer(source, "n", fields.get("n", "16"), 1)
    seed = _integer(source, "seed", fields["seed"], 0) if "seed" in fields else None
    dist = fields.get("dist", "normal" if kind == "latent" else "uniform")
    if dist not in ("normal", "uniform"):
        raise InputError(f"{source!r} has dist={dist!r}: expected normal or uniform")
    return RandomSpec(
        source,
        kind=cast("Literal['latent', 'image']", kind),
        shape=shape,
        count=count,
        seed=seed,
        dist=cast("Literal['normal', 'uniform']", dist),
    )


def _integer(source: str, name: str, text: str, least: int) -> int:
    most = 2**63 - 1 if name == "seed" else MOST
    number = int(text) if text.strip().isdecimal() and len(text) < 30 else -1
    if not least <= number <= most:
        raise InputError(
            f"{source!r} has {name}={text!r}: expected integers from {least} to {most}; {_FORM}"
        )
    return number
