"""Find the upsampling steps of a model by running it once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import Tensor, nn

from spectra._process import have_drawn, random_states
from spectra._text import listed
from spectra._walk import unwrap
from spectra.capture._arguments import current_arguments
from spectra.capture._choice import Returned, choose
from spectra.capture._events import Draft, Event
from spectra.capture._explorer import Explorer
from spectra.capture._forward import returned_by, watched_by
from spectra.capture._modules import ModuleStack
from spectra.capture._naming import NamedSteps, name_steps
from spectra.capture._output import read_tensor
from spectra.capture._quiet import quiet
from spectra.capture._steps import Discovery
from spectra.capture._stride import total_stride
from spectra.capture._unwatched import unwatched
from spectra.errors import ModelError
from spectra.follow import LiveBytes


def discover(
    model: nn.Module,
    example: Tensor,
    *,
    method: str = "forward",
    output: str | int | None = None,
) -> Discovery:
    """Find every upsampling step of a model that depends on its input.

    The model runs once, quietly, under a dispatch mode: so functional calls, several calls
    in one module, ScriptModules and compiled modules are seen alike. What is found are operations
    that upsample by themselves (transposed convolution, ``pixel_shuffle``, all modes of
    ``interpolate``, unpooling, ``grid_sample``, ``fold``, custom operators that grow) and
    rearrangements that do: each tensor is followed back, through what only moves data, to
    the operation that computed it. Several operations in a row may be one step.

    Parameters
    ----------
    model : torch.nn.Module
        Left as it came: hooks, flags, weights, gradients, random generators.
    example : Tensor, shape (B, C, *spatial), or (B, C) for a model without spatial input
        One input; a single sample is enough.
    method : str
        The method of the model to call.
    output : str or int, optional
        Which of several tensors that the model returns is its output: where it stands, as in
        :attr:`Discovery.outputs` (``"['audio']"`` or ``"audio"``), or its number. By default the
        largest map that comes through a step.

    Returns
    -------
    Discovery
        Steps in execution order. A model without any has ``steps == ()``.

    Raises
    ------
    ModelError
        If the model fails on the example, or returns no tensor.
    ParameterError
        If the model returns no tensor of the name ``output``.

    Examples
    --------
    >>> import torch
    >>> net = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.PixelShuffle(2))
    >>> discover(net, torch.zeros(1, 1, 8, 8)).steps[0].label
    '1'
    """
    example = example.clone()  # a model may write into its input
    root, first = unwrap(model), current_arguments().channels
    stack = ModuleStack(root)
    with quiet(root), stack.following(root, example):
        explorer = Explorer(stack, example)
        stack.space = explorer.space
        live, states = LiveBytes(), random_states()
        # The explorer comes first, since it looks up the call stack for the model's own line.
        with watched_by(explorer), live, explorer:
            tensors_returned = returned_by(root, example, method=method)
        draws = have_drawn(states)
        if stack.elsewhere:
            raise ModelError(_ran_elsewhere(stack.elsewhere))
        watched = _watched(explorer)
        named = name_steps(
            explorer.events,
            explorer.drafts.kept,
            method=method,
            unwatched=unwatched(root, watched),
        )
        known = [_read(explorer, named, *each) for each in tensors_returned.items()]
        chosen, why = choose(known, output, first or example.shape[1])
        result = tensors_returned[known[chosen].where]
        stack.finish(example, result)
    return Discovery(
        steps=named.steps,
        growth=stack.growth({result.ndim, len(known[chosen].reading.map_shape) + 1}),
        input_shape=tuple(example.shape[1:]),
        output_shape=known[chosen].reading.map_shape,
        signature=named.marks,
        total_stride=total_stride(
            tuple(example.shape[2:]), _entering(explorer.events, explorer.drafts.kept)
        ),
        reading=known[chosen].reading,
        method=method,
        output=chosen,
        outputs=tuple(tensors_returned),
        chosen=why,
        untraced=tuple(explorer.untraced.items()),
        watched=watched,
        borders=explorer.padding.of(result),
        first_channels=first,
        draws=draws,
        peak_bytes=-(-live.peak // len(example)),
    )


def _ran_elsewhere(names: Sequence[str]) -> str:
    """Say that modules ran in a thread of their own, whose operations are not seen."""
    named = listed(repr(name) if name else "itself" for name in dict.fromkeys(names))
    return (
        f"the model ran {named} in another thread, where operations are not seen: let its layers "
        "run in the thread that calls it, and run it nowhere else meanwhile"
    )


def _read(explorer: Explorer, named: NamedSteps, where: str, tensor: Tensor) -> Returned:
    """Return what is known of a tensor that the model returned.

    Parameters
    ----------
    explorer : Explorer
        What followed the pass.
    named : NamedSteps
        The steps that it found.
    where : str
        Where the tensor stands in what the model returned.
    tensor : Tensor
        The tensor.
    """
    depends = explorer.taint.of(tensor)
    through = [step for step, bit in zip(named.steps, named.bits, strict=True) if depends & bit]
    rank = max((len(step.output_shape) - 1 for step in through), default=None)
    # Maps of steps first, then all others, each the latest first: tokens most likely hold the
    # map that was made last.
    maps = [draft.output_shape[1:] for draft in explorer.drafts.kept[::-1]]
    maps += [event.output_shape[1:] for event in explorer.events[::-1]]
    read = partial(read_tensor, tensor, inputs=explorer.inputs, rank=rank, maps=maps)
    try:
        reading = read(explorer.drafts.origins)
    except Exception as error:
        explorer.note_mistake(error, tensor)
        reading = read(None)
    longest = max((max(sides, default=0) for sides in maps), default=0)
    return Returned(
        where, reading=reading, steps=len(through), depth=explorer.depth.of(tensor), longest=longest
    )


def _watched(explorer: Explorer) -> tuple[str, ...]:
    """Return the modules in whose own code something runs by which a step is known again."""
    events = [event for draft in explorer.drafts.kept for event in (*draft.begin, draft.end)]
    events += [one for one in explorer.events if one.recognised and one.recognised.upsamples]
    return tuple(dict.fromkeys(event.frame.name for event in events))


def _entering(events: Sequence[Event], drafts: Sequence[Draft]) -> list[tuple[int, ...]]:
    """Return the sizes of the maps that enter a step, but for those pooled to a fixed size."""
    pooled = {e.output_shape[1:] for e in events if e.recognised and e.recognised.family == "pool"}
    entering = [draft.input_shape[1:] for draft in drafts]
    return [sides for sides in entering if sides not in pooled]
