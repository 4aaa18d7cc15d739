"""AdamW as a training asks for it: groups of weights, and how their rates change."""

from __future__ import annotations

from torch import nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from spectra._text import listed
from spectra.errors import ParameterError
from spectra.study._training import Training


def optimizer_of(model: nn.Module, training: Training) -> tuple[AdamW, LambdaLR]:
    """Return the optimizer of a model's weights and the schedule of its rates.

    Raises
    ------
    ParameterError
        If no weight has a name that ``faster`` speaks of.
    """
    groups: dict[float, list[nn.Parameter]] = {1.0: []}
    unmet = set(training.faster)
    for name, weight in model.named_parameters():
        prefix = next((p for p in training.faster if f"{name}.".startswith(p)), None)
        unmet.discard(prefix or "")
        groups.setdefault(1.0 if prefix is None else training.faster[prefix], []).append(weight)
    if unmet:
        parts = listed([name for name, _ in model.named_children()])
        raise ParameterError(
            f"faster={min(unmet)!r}: no weight of {type(model).__name__} has a name that begins "
            f"so; it consists of {parts}"
        )
    optimizer = AdamW(
        [
            {"params": weights, "lr": factor * training.learning_rate}
            for factor, weights in groups.items()
            if weights
        ],
        betas=training.betas,
        weight_decay=training.weight_decay,
    )
    return optimizer, LambdaLR(optimizer, training.share_of_rate)
