"""How a sample is brought to what the model expects: gray, range, normalisation, crop."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import index
from typing import TYPE_CHECKING, SupportsIndex

from spectra._checks import check_positive
from spectra._names import times
from spectra.errors import InputError, ParameterError
from spectra.inputs._layout import check_layout

if TYPE_CHECKING:
    from torch import Tensor

LUMA = (0.299, 0.587, 0.114)  # Rec. 601
Range = tuple[float, float]
_FLOAT32 = 1.2e-38, 3.4e38  # least and largest number of full precision
_LARGEST_SEED = 2**63 - 1
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*")


def parse_range(text: str | Sequence[float]) -> Range:
    """Return ``"0..1"`` or ``(0, 1)`` as a pair of numbers.

    Raises
    ------
    ParameterError
        If it is no pair, or not ascending and finite.

    Examples
    --------
    >>> parse_range("-1..1"), parse_range((0, 255))
    ((-1.0, 1.0), (0.0, 255.0))
    """
    match = _RANGE.fullmatch(text) if isinstance(text, str) else None
    try:
        low, high = (float(value) for value in (match.groups() if match else text))
    except (TypeError, ValueError):
        low = high = math.nan
    if not (low < high and max(abs(low), abs(high), high - low) <= _FLOAT32[1]):
        raise ParameterError(f"range={text!r} is no range: expected 'low..high' such as '0..1'")
    return low, high


@dataclass(frozen=True)
class Preparation:
    """How each sample of a source is prepared: the checked options of `open_inputs`."""

    range: Range | None = None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    gray: bool = False
    multiple: int | None = None
    crop: int | None = None
    num: int | None = 64
    seed: int = 0
    bgr: bool = False
    layout: str | None = None

    def bounds(self, span: Range | None, channels: int) -> tuple[Range, ...] | None:
        """Return the range of each channel of values in ``span`` after normalisation."""
        if span is None:
            return None
        low, high = span
        return tuple(((low - m) / s, (high - m) / s) for m, s in self._pairs(channels))

    def _pairs(self, channels: int) -> Iterator[tuple[float, float]]:
        mean, std = self.mean or (0.0,), self.std or (1.0,)
        return zip(
            mean * channels if len(mean) == 1 else mean,
            std * channels if len(std) == 1 else std,
            strict=True,
        )

    def values(self, sample: Tensor) -> Tensor:
        """Return ``sample`` (channel, *spatial) as gray, BGR, normalised, as far as asked for."""
        import torch

        if self.gray and sample.shape[0] == 3:
            sample = torch.tensordot(sample.new_tensor(LUMA), sample, dims=1)[None]
        if self.bgr:
            sample = sample.flip(0)
        if not self.mean and not self.std:
            return sample
        pairs = torch.tensor(list(self._pairs(sample.shape[0])), dtype=torch.float32)
        mean, std = (column.reshape(-1, *[1] * (sample.ndim - 1)) for column in pairs.T)
        normalised: Tensor = (sample - mean) / std
        return normalised

    def channels(self, channels: int, source: str) -> int:
        """Return the channels after ``values``; check that gray, mean and std fit them."""
        if self.gray and channels not in (1, 3):
            raise InputError(
                f"gray=True cannot turn the {channels} channels of {source} to gray: "
                "expected RGB (3) or gray (1)"
            )
        if self.bgr and (channels != 3 or self.gray):
            raise InputError(
                f"bgr=True cannot turn the {1 if self.gray else channels} channels of {source} "
                "round: expected RGB (3)"
            )
        channels = 1 if self.gray else channels
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (0, 1, channels):
                raise ParameterError(
                    f"{name}={values} has {len(values)} values, but {source} has {channels} "
                    f"channels: expected 1 or {channels}"
                )
        return channels

    def notes(self) -> tuple[str, ...]:
        """Return the notes on normalisation."""
        texts = [
            f"{verb} {', '.join(f'{value:g}' for value in values)}"
            for verb, values in (("minus mean", self.mean), ("over std", self.std))
            if values
        ]
        order = ("channels in the order blue, green, red",) if self.bgr else ()
        return (*order, " ".join(texts)) if texts else order


def check_reading(
    *,
    range: str | Sequence[float] | None,  # noqa: A002
    mean: float | Sequence[float] | None,
    std: float | Sequence[float] | None,
    gray: bool,
    multiple: SupportsIndex | None,
    crop: SupportsIndex | None,
    num: SupportsIndex | None,
    seed: int,
    bgr: bool = False,
    layout: str | None = None,
) -> Preparation:
    """Return how samples are prepared; raise ParameterError for what no source makes right."""
    how = Preparation(
        range=None if range is None else parse_range(range),
        mean=_numbers("mean", mean),
        std=_numbers("std", std),
        gray=gray,
        multiple=None if multiple is None else check_positive("multiple", multiple),
        crop=None if crop is None else check_positive("crop", crop),
        num=None if num is None else check_positive("num", num),
        seed=_check_seed(seed),
        bgr=bgr,
        layout=check_layout(layout),
    )
    if any(value < _FLOAT32[0] for value in how.std):
        raise ParameterError(f"std={std!r} is no deviation: expected numbers above 0")
    if len(how.mean) > 1 and len(how.std) > 1 and len(how.mean) != len(how.std):
        raise ParameterError(f"mean={mean!r} and std={std!r} differ in length: expected the same")
    if how.crop and how.multiple and how.crop % how.multiple:
        below = how.crop // how.multiple * how.multiple
        raise ParameterError(
            f"crop={how.crop} is not a multiple of {how.multiple}: expected "
            f"{f'{below} or ' if below else ''}{below + how.multiple}"
        )
    return how


def _check_seed(seed: SupportsIndex) -> int:
    """Return ``seed`` as an integer that every generator of random numbers takes."""
    try:
        number = index(seed)
    except TypeError:
        number = -1
    if not 0 <= number <= _LARGEST_SEED:
        raise ParameterError(f"seed={seed!r} is no seed: expected an integer from 0 to 2^63 - 1")
    return number


def _numbers(name: str, values: float | Sequence[float] | None) -> tuple[float, ...]:
    if values is None:
        return ()
    try:
        numbers = tuple(float(v) for v in (values if isinstance(values, Sequence) else [values]))
    except (TypeError, ValueError):
        numbers = ()
    if not numbers or not all(abs(number) <= _FLOAT32[1] for number in numbers):
        raise ParameterError(f"{name}={values!r} is no number: expected one, or one for a channel")
    return numbers


def centre(spatial: Sequence[int], size: Sequence[int]) -> tuple[slice, ...]:
    """Return the slices of the centre of ``spatial`` that is ``size`` large.

    Examples
    --------
    >>> centre((512, 768), (512, 512))
    (slice(0, 512, None), slice(128, 640, None))
    """
    starts = [(whole - part) // 2 for whole, part in zip(spatial, size, strict=True)]
    return tuple(slice(start, start + part) for start, part in zip(starts, size, strict=True))


def cropped_size(spatial: Sequence[int], how: Preparation, source: str) -> tuple[int, ...]:
    """Return the size to which maps of ``spatial`` size are cropped: as asked for, else whole.

    Axes shorter than the multiple, as those of latents often are, stay whole.

    Raises
    ------
    InputError
        If the maps are smaller than the crop.
    """
    if how.crop is None:
        multiple = how.multiple or 1
        return tuple(length // multiple * multiple or length for length in spatial)
    if any(length < how.crop for length in spatial):
        raise InputError(
            f"{source} holds maps of {times(spatial)}: expected at least crop={how.crop}"
        )
    return (how.crop,) * len(spatial)
