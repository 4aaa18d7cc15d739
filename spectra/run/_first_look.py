"""The first input and the steps that it shows; where a model takes one size only, at that size."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from spectra import _walk as walk
from spectra import capture
from spectra._names import places, times
from spectra.errors import InputError, ModelError, NothingToAnalyseError
from spectra.inputs import Inputs, open_inputs
from spectra.run._calling import wanted_by

if TYPE_CHECKING:
    from torch import Tensor, nn

    from spectra._options import Options
    from spectra.load import LoadedModel

_ONE_SIDE = (
    re.compile(r"doesn't match (?:the )?model \((\d+)(?:\D+(\d+))?\)"),  # timm, transformers
    re.compile(r"Wrong image (?:height|width)! Expected (\d+)()"),  # torchvision
)
_DIVISIBLE = re.compile(r"divisible by (?:the )?(?:patch size )?\(?(\d+)\)?")
_SIZES = ("image_size", "img_size", "input_size")
_OWN_MESSAGE = "as its own message says"


@dataclass(frozen=True)
class Fit:
    """What inputs have to be, and who says so."""

    option: Literal["crop", "multiple"]
    pixels: int
    by: str

    def said(self, axes: int) -> str:
        """Return how inputs of so many axes were fitted."""
        if self.option == "multiple":
            return f"sides are multiples of {self.pixels} {places(axes)}, {self.by}"
        sides = times([self.pixels] * axes)
        return f"cropped to {sides}, the one size that it takes, {self.by}"


Look = Callable[["nn.Module", "Tensor"], capture.Discovery]


def first_look(
    loaded: LoadedModel, source: Any, inputs: Inputs | None, *, options: Options, look: Look
) -> tuple[Inputs | None, Tensor, capture.Discovery]:
    """Return the inputs, the first of them, and what the model makes of it.

    Where the model does not run on it and says, or its configuration does, which size it takes,
    the inputs are opened once more at that size, and a note says so.

    Parameters
    ----------
    loaded : LoadedModel
        The model.
    source : Inputs or what `open_inputs` takes
        Where the inputs come from.
    inputs : Inputs or None
        What was opened of it.
    options : Options
        How they were.
    look : callable
        Finds the steps of a model with an input.

    Raises
    ------
    ModelError
        If the model does not run, at that size either.
    """

    def seen(inputs: Inputs | None, crop: int | None) -> tuple[Tensor, capture.Discovery]:
        example, found = capture.look_at_inputs(loaded.model, inputs, look, crop=crop)
        if loaded.input_shape is not None and loaded.input_shape[:1] == (1,):
            return example, replace(found, reading=replace(found.reading, alone=True))
        return example, found

    try:
        return inputs, *seen(inputs, options.crop)
    except ModelError as error:
        fit, cause = _fit_of(loaded, inputs, str(error)), error
    if fit is None or getattr(options, fit.option) == fit.pixels:
        raise cause
    one = fit.option == "crop"
    fitted = replace(options, crop=fit.pixels) if one else replace(options, multiple=fit.pixels)
    try:
        again = _opened_again(loaded, source, inputs, fit, options=options, fitted=fitted)
        return again, *seen(again, fitted.crop)
    except (ModelError, InputError, NothingToAnalyseError) as error:
        typed = f"--{fit.option} {fit.pixels}"
        raise ModelError(f"{cause}; it takes {typed}, {fit.by}, but {error}") from error


def _opened_again(
    loaded: LoadedModel,
    source: Any,
    inputs: Inputs | None,
    fit: Fit,
    *,
    options: Options,
    fitted: Options,
) -> Inputs | None:
    """Return the inputs at the size that fits.

    Raises
    ------
    InputError
        If the user has asked for a size, or they can be read only once.
    """
    if inputs is None:
        return None
    asked = options.crop is not None or options.multiple is not None
    if asked or isinstance(source, Inputs | Iterator):
        raise InputError("the inputs were asked for in another size")
    left = wanted_by(loaded, options).without(options.call_args)
    lazy = inputs.pick is not None
    inputs.once.clear()  # what is kept was cut to the other size
    again = open_inputs(source, **fitted.reading, wanted=left, lazy=lazy, once=inputs.once)
    return replace(again, notes=(*again.notes, fit.said(len(again.shape) - 1)))


def _fit_of(loaded: LoadedModel, inputs: Inputs | None, message: str) -> Fit | None:
    """Return what a model that failed would take; None where nothing tells."""
    for pattern in _ONE_SIDE:
        if match := pattern.search(message):
            sides = {int(side) for side in match.groups() if side}
            return Fit("crop", sides.pop(), _OWN_MESSAGE) if len(sides) == 1 else None
    if match := _DIVISIBLE.search(message):
        return Fit("multiple", int(match[1]), _OWN_MESSAGE)
    told = _program_side(loaded.input_shape), _configured_side(loaded.model)
    by = "as it was exported", "as its configuration says"
    given = None if inputs is None else set(inputs.shape[1:])
    return next(
        (
            Fit("crop", side, who)
            for side, who in zip(told, by, strict=True)
            if side and {side} != given
        ),
        None,
    )


def _program_side(shape: Sequence[int | None] | None) -> int | None:
    """Return the side of the inputs of a program that takes no others."""
    return _side(shape[2:]) if shape is not None else None


def _configured_side(model: nn.Module) -> int | None:
    """Return the side that a configuration names, of the model or of what it is made of."""
    for module in walk.modules(model):
        config = getattr(module, "config", None)
        held = (config, getattr(config, "vision_config", None), module)
        for holder in held:
            for name in _SIZES:
                if side := _side(getattr(holder, name, None)):
                    return side
        cfg = getattr(module, "pretrained_cfg", None)
        if isinstance(cfg, Mapping) and (side := _side((cfg.get("input_size") or ())[1:])):
            return side
    return None


def _side(size: object) -> int | None:
    """Return the side of a square that a number, a pair or a mapping describes."""
    if isinstance(size, Mapping):
        size = list(size.values())
    if isinstance(size, int) and not isinstance(size, bool):
        return size if size > 1 else None
    if not isinstance(size, Sequence) or isinstance(size, str) or not 1 <= len(size) <= 3:
        return None
    sides = set(size)
    only = sides.pop() if len(sides) == 1 else None
    return only if isinstance(only, int) and only > 1 else None
