"""All inputs through a model: measured here, or added up from the parts that were."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from spectra.gather._apart import content_passes
from spectra.gather._parts import run_passes, summed
from spectra.gather._pass import first_pass
from spectra.gather._passed import Passed
from spectra.gather._places import Places

if TYPE_CHECKING:
    from torch import nn

    from spectra._options import Options, Progress
    from spectra.capture import Discovery
    from spectra.gather._part_files import PartFiles
    from spectra.gather._parts import Passes
    from spectra.inputs import Inputs


def run(
    model: nn.Module,
    found: Discovery,
    inputs: Inputs | None,
    options: Options,
    *,
    progress: Progress,
    files: PartFiles | None = None,
) -> Passed:
    """Run all inputs through a model and return what they left at its places.

    Parameters
    ----------
    model : Module
        Left as it came.
    found : Discovery
        Its steps, with their periods.
    inputs : Inputs or None
        What runs; without any every place is empty.
    options : Options
        Inputs at a time, and which modules' outputs are shown as well.
    progress : callable
        Called with ("measure", done, total).
    files : PartFiles, optional
        Where sums of finished parts are kept.

    Raises
    ------
    ModelError
        If the model fails, or the size of a map changes from input to input.
    InputError
        If no input can be used, or a part is missing that has to be there.
    """
    if inputs is None:
        return Passed(found, **Places(found, 1).finished())
    settled = files is not None
    passes = first_pass(model, found, inputs, options, progress=progress, settled=settled)
    return run_passes(passes, partial(summed, files=files))


def without_fixed_content(
    model: nn.Module,
    passed: Passed,
    inputs: Inputs | None,
    options: Options,
    *,
    progress: Progress,
    files: PartFiles | None = None,
) -> Passed:
    """Measure the places again whose maps share content, without it; see `content_passes`."""
    passes = content_passes(model, passed, inputs, options, progress=progress)
    return run_passes(passes, partial(summed, files=files))


def all_passes(
    model: nn.Module,
    found: Discovery,
    inputs: Inputs,
    options: Options,
    *,
    progress: Progress,
) -> Passes[Passed]:
    """Yield the passes that are needed, and return what they left.

    It is settled before how many inputs run at a time, see `settle`.
    """
    passed = yield from first_pass(model, found, inputs, options, progress=progress, settled=True)
    return (yield from content_passes(model, passed, inputs, options, progress=progress))
