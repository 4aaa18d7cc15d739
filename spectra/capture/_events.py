"""What a forward pass leaves to join: calls that may end a step, and steps in the making."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from spectra.capture._convolution import Convolution
from spectra.capture._modules import Frame
from spectra.capture._recognised import Recognised
from spectra.capture._seams import Look
from spectra.capture._site import Site
from spectra.follow import NOTHING, Borders, Layout, Region
from spectra.kinds import Kind


@dataclass(eq=False)
class Event:
    """One call that is, or may end, a step: an operation of the table, or a seam.

    Attributes
    ----------
    frame : Frame
        The running call of a module in whose own code it ran.
    depends : bool
        Whether it depends on the model's input.
    recognised : Recognised or None
        What was read off a call of the table.
    seam : tuple or None
        What a seam looks like.
    input_shape, output_shape : tuple of int
        ``(channel, *spatial)`` before and after a call of the table.
    borders : Borders
        What padding has disturbed of what it made.
    site : tuple
        The lines of code from which it was called; empty until it makes a step.
    behind : int
        Bits of the steps on which it depends; 0 until it makes a step.
    """

    frame: Frame
    depends: bool = True
    recognised: Recognised | None = None
    seam: Look | None = None
    input_shape: tuple[int, ...] = ()
    output_shape: tuple[int, ...] = ()
    borders: Borders = NOTHING
    site: Site = ()
    behind: int = 0


@dataclass(eq=False)
class Draft:
    """One step in the making.

    Attributes that a finished `Step` has too mean the same there.

    Attributes
    ----------
    begin : list of Event
        The calls that enlarge.
    end : Event
        The call whose result is the step's map; a later one, if the step goes on.
    layout : Layout or None
        Which axes of the map are samples, channels and space; None where an operation of the
        table tells.
    source : tuple or None
        Where in memory the map lies that an operation of the table enlarges.
    open : set of int
        Spatial axes along which zeros were inserted that no filter has filled yet.
    bits : int
        What marks everything that depends on the step: one bit, or those of the steps it joins.
    """

    kind: Kind
    factor: tuple[int, ...]
    begin: list[Event]
    end: Event
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    layout: Layout | None = None
    kernel_size: tuple[int, ...] | None = None
    stride: tuple[int, ...] | None = None
    groups: int | None = None
    reason: str | None = None
    source: Region | None = None
    open: set[int] = field(default_factory=set)
    bits: int = 0
    spacing: tuple[Fraction, ...] = ()
    convolution: Convolution | None = None
