"""What a step and a place are called where they are printed."""

from typing import Protocol


class Named(Protocol):
    """Something that ran in a module: its path, and its number within one forward pass."""

    @property
    def name(self) -> str:
        """Dotted path of the module; ``""`` is the model."""

    @property
    def call(self) -> int:
        """Count from 0."""


def label(step: Named) -> str:
    """Return the module path, with ``#call`` after the first.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> label(SimpleNamespace(name="up", call=0)), label(SimpleNamespace(name="", call=1))
    ('up', '(model)#1')
    """
    name = step.name or "(model)"
    return f"{name}#{step.call}" if step.call else name


def place(axes: int) -> str:
    """Return what one place of a map is called: of a signal, a picture, a volume.

    Examples
    --------
    >>> [place(axes) for axes in (1, 2, 3)]
    ['sample', 'pixel', 'voxel']
    """
    return {1: "sample", 3: "voxel"}.get(axes, "pixel")
