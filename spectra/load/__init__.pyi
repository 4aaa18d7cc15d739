from ._arch_option import parse_arch_args
from ._bare import LoadedWeights, load_weights
from ._checkpoints import open_torch
from ._loaded import LoadedModel
from ._model import load_model
from ._model_source import ModelSource
from ._sight import check_source
from ._values import check_dense
from ._wanted import LABELS, Wanted, wanted

__all__ = [
    "LABELS",
    "LoadedModel",
    "LoadedWeights",
    "ModelSource",
    "Wanted",
    "check_dense",
    "check_source",
    "load_model",
    "load_weights",
    "open_torch",
    "parse_arch_args",
    "wanted",
]
