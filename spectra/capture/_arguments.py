"""What a model is called with: one tensor, as it is or taken apart, and what stays the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from torch import Tensor

from spectra._text import listed, suggestion
from spectra.errors import ParameterError
from spectra.follow import unseen

if TYPE_CHECKING:
    from spectra.inputs import Inputs, Part
    from spectra.load import Wanted

_NUMBERS = ("t", "time", "timestep", "timesteps", "noise_level", "sigma")
"""Names of parameters for which a number is likelier than a file."""


@dataclass(frozen=True)
class Arguments:
    """How the one tensor that passes through this library becomes the arguments of a call.

    Attributes
    ----------
    parts : tuple of Part
        How several things lie in that tensor; empty where it is one.
    name : str or None
        The parameter that one thing is given to; None gives it by position.
    constants : mapping
        What else is given, by parameter. A tensor of one row is repeated for each sample.
    order : {"CT", "TC", "T"}
        Axes of a signal as the model takes it: as it comes, turned, or without its one channel.
    """

    parts: tuple[Part, ...] = ()
    name: str | None = None
    constants: Mapping[str, object] = field(default_factory=dict)
    order: Literal["CT", "TC", "T"] = "CT"

    @classmethod
    def fitting(
        cls, wanted: Wanted, inputs: Inputs | None, constants: Mapping[str, object]
    ) -> Arguments:
        """Return the arguments of a method that is given some inputs and constants.

        Parameters
        ----------
        wanted : Wanted
            What the method has to be given.
        inputs : Inputs or None
            What it runs on.
        constants : mapping
            What else it is given, by parameter.

        Raises
        ------
        ParameterError
            If it does not take one of these, or needs more.
        """
        if unknown := [name for name in constants if not wanted.takes(name)]:
            instead = suggestion(unknown[0], wanted.names)
            raise ParameterError(f"call_args: {wanted.where} takes no {unknown[0]!r}: {instead}")
        parts = inputs.parts if inputs is not None else ()
        name = None if parts else wanted.first(constants)
        given = {*constants, *(part.name for part in parts), *([name] if name else [])}
        if missing := wanted.missing(given):
            raise ParameterError(_missing(wanted, missing, sole=name or ""))
        plain = name is None or (name == wanted.names[0] and name not in wanted.named_only)
        order = inputs.order if inputs is not None else "CT"
        return cls(parts, None if plain else name, constants, order)

    @property
    def channels(self) -> int | None:
        """Channels of the first of several things; None where there is one."""
        return self.parts[0].channels if self.parts else None

    @property
    def standing(self) -> str | None:
        """The first of several things that does not move with the first map; None without."""
        return next((str(part) for part in self.parts if part.stays), None)

    def of(self, x: Tensor) -> tuple[tuple[Tensor, ...], dict[str, object]]:
        """Return positional and named arguments for some samples.

        Parameters
        ----------
        x : Tensor, shape (B, C, *spatial)
            The samples.
        """
        constants = {name: _repeated(value, len(x)) for name, value in self.constants.items()}
        if self.parts:
            return (), {**{part.name: _taken(part, x) for part in self.parts}, **constants}
        x = _ordered(x, self.order)
        return ((x,), constants) if self.name is None else ((), {self.name: x, **constants})


def _ordered(x: Tensor, order: Literal["CT", "TC", "T"]) -> Tensor:
    """Return signals (B, C, T) with their axes as a model takes them."""
    if order == "CT":
        return x
    return x.mT if order == "TC" else x[:, 0]


def _taken(part: Part, x: Tensor) -> Tensor:
    """Return one of several things; to find what is kept beside is no operation of the model."""
    with unseen() if part.is_beside else nullcontext():
        return part.taken_from(x)


def _repeated(value: object, count: int) -> object:
    """Return a constant for so many samples: a copy, into which a model may write."""
    if not isinstance(value, Tensor):
        return value
    with unseen():
        if value.ndim and len(value) == 1:
            value = value.expand(count, *value.shape[1:])
        return value.clone()


def _missing(wanted: Wanted, missing: tuple[str, ...], *, sole: str) -> str:
    """Say which parameters are not given, and what to type."""
    typed = " ".join(
        f"--call-arg {name}={'10' if name in _NUMBERS else 'VALUE|FILE.npy'}" for name in missing
    )
    given = f" beside {sole}" if sole else ""
    be = "is" if len(missing) == 1 else "are"
    return (
        f"{wanted.where} needs {listed(wanted.required, 12)}: {listed(missing, 12)} {be} not given"
        f"{given}; add {typed}, or let a loader give tuples in this order or dicts with these names"
    )


_ONE_TENSOR = Arguments()
_ARGUMENTS: ContextVar[Arguments] = ContextVar("spectra_arguments", default=_ONE_TENSOR)


@contextmanager
def called_with(arguments: Arguments) -> Iterator[None]:
    """Call models with these arguments inside the block: :func:`forward`, :func:`discover`."""
    token = _ARGUMENTS.set(arguments)
    try:
        yield
    finally:
        _ARGUMENTS.reset(token)


def current_arguments() -> Arguments:
    """Return the arguments that models are called with here."""
    return _ARGUMENTS.get()
