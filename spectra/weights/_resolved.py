"""Weights as layers use them, whatever they are saved as."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


def resolved(weights: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Return the weights as layers use them: weight_norm and spectral_norm multiplied out.

    Both spellings: hooks (``weight_g``, ``weight_orig``) and parametrizations
    (``parametrizations.weight.original0``). Of other parametrizations the original is taken,
    and a note says so.
    """
    result: dict[str, Tensor] = {}
    notes: list[str] = []
    for name, tensor in weights.items():
        stem, _, last = name.rpartition(".")
        within = f"{stem}." if stem else ""
        if last == "weight_v" and tensor.ndim > 1 and f"{within}weight_g" in weights:
            result[f"{within}weight"] = _weight_norm(weights[f"{within}weight_g"], tensor)
        elif last == "weight_orig" and f"{within}weight_u" in weights:
            result[f"{within}weight"] = _spectral_norm(
                tensor, weights[f"{within}weight_u"], weights.get(f"{within}weight_v")
            )
        elif name.endswith("parametrizations.weight.original1"):
            magnitude = weights.get(f"{stem}.original0")
            if magnitude is not None:
                result[_outside(stem)] = _weight_norm(magnitude, tensor)
        elif name.endswith("parametrizations.weight.original"):
            vectors = [n for n in weights if n.startswith(f"{stem}.") and n.endswith("._u")]
            if vectors:
                u = weights[vectors[0]]
                v = weights.get(vectors[0].removesuffix("_u") + "_v")
                result[_outside(stem)] = _spectral_norm(tensor, u, v)
            else:
                result[_outside(stem)] = tensor
                notes.append(f"{_outside(stem)}: its parametrization is not known, left out")
        elif "parametrizations.weight" not in name and last not in ("weight_g", "weight_u"):
            result[name] = tensor
    return result, tuple(notes)


def _weight_norm(magnitude: Tensor, direction: Tensor) -> Tensor:
    """Return ``g v / norm(v)``, the norm over all axes but those along which g varies."""
    axes = [axis for axis, n in enumerate(magnitude.shape) if n == 1 and axis < direction.ndim]
    if magnitude.ndim != direction.ndim:
        axes = list(range(direction.ndim))
    norm = torch.linalg.vector_norm(direction.float(), dim=axes, keepdim=True)
    multiplied: Tensor = direction.float() * (magnitude.float() / norm)
    return multiplied


def _spectral_norm(original: Tensor, u: Tensor, v: Tensor | None) -> Tensor:
    """Return the weight over its largest singular value, as the saved vectors have it."""
    along = next((axis for axis in (0, 1) if original.shape[axis] == len(u)), 0)
    matrix = original.float().movedim(along, 0).flatten(1)
    largest = torch.linalg.matrix_norm(matrix, 2) if v is None else u.float() @ matrix @ v.float()
    divided: Tensor = original.float() / largest
    return divided


def _outside(stem: str) -> str:
    return stem.removesuffix("parametrizations.weight") + "weight"
