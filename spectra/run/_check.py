"""What options of a run cannot be met by any model, told before one is loaded."""

from spectra._options import Options
from spectra.attack import AttackSpec
from spectra.errors import ParameterError
from spectra.inputs import check_constants, check_reading
from spectra.probe import parse_probe

MOST_RATE = 1e12


def check_options(options: Options) -> None:
    """Raise ParameterError for what no model makes right: a range, a size, the device.

    Imports torch only where a device is named.
    """
    check_reading(**options.reading)
    check_constants(options.call_args)
    if options.probe is not None:
        parse_probe(options.probe)
    if options.sample_rate is not None and not 0 < options.sample_rate < MOST_RATE:
        raise ParameterError(
            f"sample_rate={options.sample_rate!r} is no sample rate: expected Hz, such as 22050"
        )
    if options.attack is not None:
        AttackSpec.parse(options.attack)
    elif options.targets is not None:
        raise ParameterError(
            f"targets={options.targets!r} without an attack, which drives the output away from "
            "them: expected attack='pgd' or another beside it"
        )
    if options.device != "auto":
        _check_device(options.device)


def _check_device(name: str) -> None:
    """Raise ParameterError unless torch can use the device ``name`` here."""
    import torch

    if name.partition(":")[0] == "meta":
        raise ParameterError("device='meta' holds no values to measure: expected cpu or cuda")
    try:
        torch.empty(0, device=torch.device(name))
    except (RuntimeError, AssertionError) as cause:
        raise ParameterError(f"device={name!r} cannot be used here: {cause}") from cause
