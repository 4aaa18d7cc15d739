"""The constant that a user asks for, read."""

from dataclasses import dataclass
from math import inf, isfinite
from typing import Literal

from spectra.errors import ParameterError

_SILENCE = "silence"
_CONSTANT = "constant="


@dataclass(frozen=True)
class ConstantProbe:
    """A constant that a model is to be shown.

    Attributes
    ----------
    name : {"silence", "constant"}
        What was asked for.
    value : float
        The constant, in the units of the model's input: 0 for silence.
    """

    name: Literal["silence", "constant"]
    value: float

    def __str__(self) -> str:
        return _SILENCE if self.name == "silence" else f"a constant of {self.value:g}"


def parse_probe(text: str) -> ConstantProbe:
    """Return what ``silence`` or ``constant=-11.5`` asks for.

    Raises
    ------
    ParameterError
        If it is neither, or no finite number.

    Examples
    --------
    >>> print(parse_probe("constant=-11.5"), parse_probe("silence").value)
    a constant of -11.5 0.0
    """
    if text == _SILENCE:
        return ConstantProbe("silence", 0.0)
    try:
        value = float(text.removeprefix(_CONSTANT)) if text.startswith(_CONSTANT) else inf
    except ValueError:
        value = inf
    if not isfinite(value) or abs(value) > 1e30:
        raise ParameterError(
            f"probe={text!r} is no probe: expected silence, or constant=VALUE with the value that "
            "inputs have in silence, such as constant=-11.5 for log mels"
        )
    return ConstantProbe("constant", value)
