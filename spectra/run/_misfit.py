"""What to type next where a loaded model and its inputs do not fit each other."""

from spectra.inputs import Inputs
from spectra.load import LoadedModel

_DYNAMIC = "torch.export.export(model, args, dynamic_shapes=({0: AUTO, 2: AUTO, 3: AUTO},))"


def advice(loaded: LoadedModel, inputs: Inputs | None) -> str:
    """Return what may explain that ``loaded`` fails on ``inputs``, and the remedy; else ''."""
    if inputs is not None and inputs.kind in ("array", "latent"):
        if len(inputs.shape) == 1:
            return (
                f"{inputs.source} has two axes and was read as {inputs.count} vectors of "
                f"{inputs.shape[0]} values (N, C): if it is one map (H, W), save x[None, None], "
                "which is (N, C, H, W)"
            )
        if len(inputs.shape) == 2:
            return (
                f"{inputs.source} has three axes and was read as {inputs.count} signals of "
                f"{inputs.shape[0]} channels (N, C, L): if it is a stack of maps (N, H, W), save "
                "x[:, None]; if one map (C, H, W), save x[None]; "
                "signals with time first, (N, T, C), do not run either"
            )
    if inputs is not None and inputs.kind == "sound":
        return (
            f"{inputs.source} was read as waveforms (N, {inputs.shape[0]}, T): a model that takes "
            "mels or codes is given these, as an array (N, C, T)"
        )
    if inputs is None and loaded.decoder_note:
        return loaded.decoder_note
    return "" if loaded.input_shape is None else _how_to_fit(loaded.input_shape, inputs)


def _how_to_fit(shape: tuple[int | None, ...], inputs: Inputs | None) -> str:
    """Return how to fit inputs to a torch.export program, whose free axes are None."""
    batch, *sample = shape
    fixed = [length for length in sample[1:] if length is not None]
    if batch is None and not fixed and inputs is not None:
        return ""
    takes = ", ".join("any" if length is None else str(length) for length in shape)
    text = f"this program takes inputs ({takes})"
    if batch not in (None, 1):
        return f"{text} and no other number at a time: export it again with free axes, {_DYNAMIC}"
    given = inputs is not None and inputs.shape[1:] == tuple(sample[1:])
    options = [] if given or not fixed else [f"--crop {fixed[0]}"]
    options += ["--batch 1"] if batch == 1 else []
    if inputs is None or len(set(fixed)) > 1:
        lengths = ",".join(str(length or 128) for length in sample)
        return f"{text}: give 'random:image?shape={lengths}' {' '.join(options[-1:])}".rstrip()
    return f"{text}: add {' '.join(options)}, or export it again with free axes, {_DYNAMIC}"
