"""``random:latent?shape=512,4,4&n=16&seed=0``: reproducible random inputs."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl

import torch
from torch import Tensor

from spectra.errors import InputError
from spectra.load._arrays import Stack, open_stack
from spectra.load._inputs import Inputs
from spectra.load._prepare import Options
from spectra.load._text import near

PREFIX = "random:"
KEYS = ("shape", "n", "seed", "dist")
_FORM = "expected such as 'random:latent?shape=512,4,4&n=16&seed=0&dist=normal'"


def open_random(source: str, options: Options) -> Inputs:
    """Return the random samples that ``source`` describes, the same at each reading.

    ``shape`` is that of ONE sample, without the sample axis, taken literally:
    ``shape=100,1,1`` gives batches (b, 100, 1, 1), and ``shape=1,512`` gives (b, 1, 512).
    ``n`` (16) is the number of samples, at most ``num`` of which are used; ``seed`` is by
    default that of the call. ``dist`` is ``normal`` (mean 0, deviation 1; default of
    ``random:latent``) or ``uniform`` over the range asked for (default of ``random:image``,
    0..1; of latents -1..1).

    Raises
    ------
    InputError
        If the specification has another form, saying which part.
    """
    kind, _, query = source.removeprefix(PREFIX).partition("?")
    if kind not in ("latent", "image"):
        raise InputError(f"{source!r} is no random input: {near(kind, ('latent', 'image'))}")
    try:
        fields = dict(parse_qsl(query, strict_parsing=bool(query), keep_blank_values=True))
    except ValueError as error:
        raise InputError(f"{source!r} cannot be read: {_FORM}") from error
    for name in fields:
        if name not in KEYS:
            raise InputError(f"{source!r} has an unknown part {name!r}: {near(name, KEYS)}")
    if "shape" not in fields:
        raise InputError(f"{source!r} has no shape: {_FORM}")
    shape = tuple(_integer(source, "shape", text, 1) for text in fields["shape"].split(","))
    count = _integer(source, "n", fields.get("n", "16"), 1)
    seed = _integer(source, "seed", fields.get("seed", str(options.seed)), 0)
    dist = fields.get("dist", "normal" if kind == "latent" else "uniform")
    if dist not in ("normal", "uniform"):
        raise InputError(f"{source!r} has dist={dist!r}: expected normal or uniform")
    span = options.range or ((0.0, 1.0) if kind == "image" else (-1.0, 1.0))

    def rows() -> Iterator[Tensor]:
        generator = torch.Generator().manual_seed(seed)
        low, high = span
        for _ in range(count):
            if dist == "normal":
                yield torch.randn(shape, generator=generator)
            else:
                yield low + (high - low) * torch.rand(shape, generator=generator)

    law = "normal" if dist == "normal" else f"uniform in {span[0]:g}..{span[1]:g}"
    return open_stack(
        Stack(
            count, shape, "float32", rows, (f"noise, {law}, one sample is {shape}, seed {seed}",)
        ),
        source,
        replace(options, range=span if dist == "uniform" else None),
        kind="latent" if kind == "latent" else "images",
    )


def _integer(source: str, name: str, text: str, least: int) -> int:
    if not text.strip().isdecimal() or int(text) < least:
        raise InputError(f"{source!r} has {name}={text!r}: expected integers >= {least}; {_FORM}")
    return int(text)
