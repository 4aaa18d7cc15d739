"""A run whose parts are measured one by one, by several processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from spectra import capture, gather
from spectra._options import Options, Progress
from spectra.errors import ParameterError
from spectra.run._begun import begun
from spectra.run._opened import silent

if TYPE_CHECKING:
    from pathlib import Path

    from spectra import load
    from spectra.inputs import Inputs


@contextmanager
def part_by_part(
    model: load.LoadedModel | nn.Module | str | Path,
    inputs: Any,
    *,
    files: gather.PartFiles,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Iterator[gather.PartByPart]:
    """Make a run ready whose parts any process measures: the same plan, the same files.

    Every process of a run opens the same model and inputs with the same options. One tells which
    parts are missing, and any measures them, in any order::

        with part_by_part(model, inputs, files=files) as parts:
            while parts.current is not None:
                for part in parts.missing():  # here or in another process
                    parts.measure(part)
                parts.advance()
        result = analyze(model, inputs, files=files)

    In another process ``parts.reach(name)`` goes on to the pass of that name, whose earlier ones
    have to be in files, before ``parts.measure(part)``. At the end `spectra.run.analyze` with the
    same files adds them up.

    Parameters
    ----------
    model, inputs, options, progress
        As of `spectra.run.analyze`.
    files : PartFiles
        Where the parts are: one folder that all processes see.

    Yields
    ------
    PartByPart

    Raises
    ------
    ParameterError
        If there are no inputs, if they would be attacked, or if the folder holds another run.
    """
    options, tell = options or Options(), progress or silent
    if options.attack is not None:
        raise ParameterError(
            f"attack={options.attack!r} in shards: attacked inputs run in one process; leave the "
            "attack out, or run without shards"
        )
    if inputs is None:
        raise ParameterError("shards without inputs: give what is cut into parts")
    look = partial(capture.find_steps, options=options, progress=tell)
    with begun(model, inputs, options, look=look, left_out=files.left_out()) as first:
        loaded, net, cut = first.loaded, first.loaded.model, first.inputs
        assert cut is not None
        found = _plan(loaded, first.found, cut, options, files=files)
        if not files.are_begun:
            files.write_plan()
        passes = gather.all_passes(net, found, cut, options, progress=tell)
        trial = gather.trial_of(net, found, cut, options)
        yield gather.PartByPart(passes, files, inputs=len(cut), trial=trial)


def planned(
    loaded: load.LoadedModel,
    found: capture.Discovery,
    inputs: Inputs | None,
    options: Options,
    *,
    files: gather.PartFiles | None,
) -> tuple[capture.Discovery, gather.PartFiles | None]:
    """Fix what a run measures and how, where it has parts to keep.

    Returns
    -------
    Discovery
        How its inputs run.
    PartFiles or None
        Where its parts are; None where it has only one.
    """
    if files is None or inputs is None or not files.are_worth(len(inputs)):
        return found, None
    return _plan(loaded, found, inputs, options, files=files), files


def _plan(
    loaded: load.LoadedModel,
    found: capture.Discovery,
    inputs: Inputs,
    options: Options,
    *,
    files: gather.PartFiles,
) -> capture.Discovery:
    """Settle how inputs run, and take over what is there of the same plan."""
    found = gather.settle(loaded.model, found, inputs, options)
    plan = gather.plan_run(loaded, found, inputs, options, threads=torch.get_num_threads())
    files.begin(plan)
    return found
