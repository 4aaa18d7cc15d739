"""Whether tensors hold the values that they claim, finite and in single precision."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from spectra import _walk as walk
from spectra._files import SLACK
from spectra._text import gigabytes
from spectra.errors import LoadError

_STATISTICS = ("running_mean", "running_var")


def check_dense(weights: Mapping[str, Tensor], source: str) -> None:
    """Raise unless ``weights`` are plain tensors whose values the file really held."""
    repeated = 0
    for name, tensor in weights.items():
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_nested:
            kind = "quantised" if tensor.is_quantized else "sparse or nested"
            raise LoadError(f"{source} holds a {kind} tensor, {name!r}: expected dense floats")
        if tensor.device.type != "cpu":
            raise LoadError(
                f"{source} holds no values for {name!r} (device {tensor.device}): expected a "
                "checkpoint saved from a model that was not on the meta device"
            )
        held = tensor.untyped_storage().nbytes()
        repeated += max(0, tensor.numel() * tensor.element_size() - held)
    if repeated > SLACK:
        raise LoadError(
            f"{source} holds few values that its tensors repeat to {gigabytes(repeated)}: "
            "expected weights; save them again with .contiguous()"
        )


def check_finite(model: nn.Module, source: str) -> None:
    """Raise if a parameter or a running statistic of ``model`` is not finite, or not there.

    Infinite entries of other buffers are allowed: attention masks hold them.
    """
    for name, tensor in model.state_dict(keep_vars=True).items():
        if not isinstance(tensor, Tensor) or torch.nn.parameter.is_lazy(tensor):
            continue
        if tensor.is_meta:
            raise LoadError(
                f"{source} holds no values for {name!r}, only its shape (device 'meta'): expected "
                "a model with its weights, as of model.to_empty(device='cpu') and load_state_dict"
            )
        if tensor.is_quantized or tensor.is_nested:  # whole numbers, or tensors of their own
            continue
        must_be_finite = isinstance(tensor, nn.Parameter) or name.endswith(_STATISTICS)
        values = _stored(tensor)
        bad = ~values.isfinite() if must_be_finite else values.isnan()
        if bad.any():
            raise LoadError(
                f"{source} holds weights that are not finite: {int(bad.sum())} of "
                f"{tensor.numel()} values of {name!r} are NaN or infinite; "
                "expected finite weights: give a checkpoint from before training diverged"
            )


def _stored(tensor: Tensor) -> Tensor:
    """Return the values that a tensor stores: all, or those of a sparse one that are not zero."""
    tensor = tensor.detach()  # a parameter made in inference mode records no gradient
    if tensor.layout == torch.strided:
        return tensor
    return tensor._values() if tensor.layout == torch.sparse_coo else tensor.values()


def as_float32(model: nn.Module) -> tuple[str, ...]:
    """Convert floating-point weights of other precision to float32, in place, and note it."""
    tensors = [*walk.parameters(model), *walk.buffers(model)]
    others = {dtype_name(t) for t in tensors if t.is_floating_point() and t.dtype != torch.float32}
    if others:
        model.float()
    return tuple(f"{dtype} weights converted to float32" for dtype in sorted(others))


def dtype_name(tensor: Tensor) -> str:
    """Return the type of a tensor's values without torch's prefix."""
    return str(tensor.dtype).removeprefix("torch.")
