"""What a model's method has to be given, as its signature says."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

PICTURE = "pixel_values"  # what transformers calls a picture, before which texts may stand
LABELS = frozenset(
    {"class_labels", "gt", "label", "labels", "mask_labels", "target", "targets", "y"}
)
"""Names under which a model takes what its loss compares with, and which it does without."""


@dataclass(frozen=True)
class Wanted:
    """The parameters of a method.

    Attributes
    ----------
    where : str
        Class and method, as ``"UNet2DConditionModel.forward"``.
    required : tuple of str
        Those without a default, in order.
    optional : tuple of str
        Those with one.
    named_only : frozenset of str
        Those that cannot be given by position.
    open_ended : bool
        Whether it takes others than these as well, or its signature is not known.
    """

    where: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    named_only: frozenset[str] = frozenset()
    open_ended: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """All parameters; those of the required ones first."""
        return (*self.required, *self.optional)

    def takes(self, name: str) -> bool:
        """Tell whether a parameter of this name may be given."""
        return self.open_ended or name in self.names

    def first(self, given: Collection[str] = ()) -> str | None:
        """Return the parameter that a single input is for; None where no name is known.

        Parameters
        ----------
        given : collection of str
            Parameters that are given something else.
        """
        if PICTURE in self.names and PICTURE not in given:
            return PICTURE
        return next((name for name in self.names if name not in given), None)

    def without(self, given: Collection[str]) -> Wanted:
        """Return what is left to be given once these parameters are."""
        return replace(
            self,
            required=self.missing(given),
            optional=tuple(name for name in self.optional if name not in given),
        )

    def missing(self, given: Collection[str]) -> tuple[str, ...]:
        """Return the required parameters of which none of these is one."""
        return tuple(name for name in self.required if name not in given)


def wanted(model: nn.Module, method: str = "forward") -> Wanted:
    """Return what a method of a model has to be given.

    Parameters
    ----------
    model : Module
        A module, not its wrapper.
    method : str
        The method's name.
    """
    where = f"{type(model).__name__}.{method}"
    try:
        parameters = list(_parameters(model, method))
    except (AttributeError, TypeError, ValueError, RuntimeError):
        return Wanted(where, open_ended=True)
    kinds = inspect.Parameter
    named = [p for p in parameters if p.kind not in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD)]
    return Wanted(
        where,
        required=tuple(p.name for p in named if p.default is kinds.empty),
        optional=tuple(p.name for p in named if p.default is not kinds.empty),
        named_only=frozenset(p.name for p in named if p.kind is kinds.KEYWORD_ONLY),
        open_ended=len(named) < len(parameters),
    )


def _parameters(model: Any, method: str) -> Iterator[inspect.Parameter]:
    """Yield the parameters of a method; a script keeps those of its source in a schema."""
    called = getattr(model, method)
    schema = getattr(called, "schema", None)
    if schema is None:
        yield from inspect.signature(called).parameters.values()
        return
    for argument in schema.arguments[1:]:
        default = (
            argument.default_value if argument.has_default_value() else inspect.Parameter.empty
        )
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        yield inspect.Parameter(argument.name, kind, default=default)
