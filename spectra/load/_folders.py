"""Folders of models (Hugging Face, diffusers, smp, timm) and sharded weights, loaded."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from torch import nn

from spectra._text import brief, listed
from spectra.errors import LoadError
from spectra.load._architectures import Built, build_described
from spectra.load._checkpoints import open_checkpoint, unsafe_globals
from spectra.load._find_weights import Weights, find_weights
from spectra.load._fit import fit, problems_text
from spectra.load._folder_files import described_files, parts_of
from spectra.load._hub_config import HubConfig, described_class
from spectra.load._libraries import offline
from spectra.load._loaded import DECODER
from spectra.load._size_bound import TooLargeError, size_bounded

_MISFITS = (
    ("missing_keys", "missing"),
    ("unexpected_keys", "unexpected"),
    ("mismatched_keys", "of another shape"),
)


def open_parts(index: Path, *, trust: bool = False) -> Weights:
    """Return the weights of all files that ``index`` names."""
    weights: Weights = {}
    for part in parts_of(index):
        opened = open_checkpoint(part, trust=trust)
        found = find_weights(opened.content, str(part)).weights
        weights |= found.state_dict() if isinstance(found, nn.Module) else found
    return weights


def load_folder(
    folder: Path, arguments: Mapping[str, object], *, strict: bool
) -> tuple[Built, Path, str]:
    """Build what ``folder/config.json`` describes and fill it with the weights beside it.

    Only classes of the installed packages are used: code in the folder never runs, and
    nothing is downloaded.

    Returns
    -------
    built : Built
    weights : Path
        The file they came from, or the index of their parts.
    library : str
        "diffusers", "transformers", "smp" or "timm".

    Raises
    ------
    LoadError
        If the folder is something else, incomplete, or its weights are not plain or do not fit.
    """
    described, file = described_files(folder)
    parts = parts_of(file) if file.name.endswith(".json") else (file,)
    for part in parts:
        _check_plain(part)
    if described.library in ("smp", "timm") or arguments:
        with size_bounded(sum(part.stat().st_size for part in parts), str(folder)):
            model = build_described(described, arguments)
        weights = open_parts(file) if len(parts) > 1 else _weights_of(file)
        notes = fit(model, weights, str(folder), strict=strict)
    else:
        with size_bounded(sum(part.stat().st_size for part in parts), str(folder)):
            model, notes = _from_pretrained(described, folder, file, strict=strict)
    notes = (*notes, *_decoder_note(model, described))
    return Built(model, described.arch, notes), file, described.library


def _from_pretrained(
    described: HubConfig, folder: Path, file: Path, *, strict: bool
) -> tuple[nn.Module, tuple[str, ...]]:
    """Return the model as its package loads it, and what did not fit."""
    found = cast("Any", described_class(described))
    how: dict[str, object] = {"trust_remote_code": False, "attn_implementation": "eager"}
    if described.library == "diffusers":
        how = {"low_cpu_mem_usage": False}
    try:
        with offline():
            model, info = found.from_pretrained(
                str(folder),
                local_files_only=True,
                output_loading_info=True,
                use_safetensors=".safetensors" in file.suffixes,
                **how,
            )
    except TooLargeError:
        raise
    except Exception as error:
        raise LoadError(
            f"{folder} cannot be opened as a {described.name} ({brief(error)}): expected the "
            f"folder that save_pretrained of {described.library} wrote; check its files"
        ) from error
    problems = problems_text({what: sorted(map(str, info.get(k) or ())) for k, what in _MISFITS})
    if problems and strict:
        raise LoadError(
            f"the weights of {folder} do not fit its {described.name}: {'; '.join(problems)}; "
            "download it again, or accept it with --no-strict (strict=False)"
        )
    return model, tuple(f"weights that do not fit, accepted: {text}" for text in problems)


def _weights_of(file: Path) -> Weights:
    found = find_weights(open_checkpoint(file).content, str(file)).weights
    return cast("Weights", found)  # without trust there is no module in it


def _check_plain(part: Path) -> None:
    """Raise if a file of weights would run code; a package opens it only after that."""
    names = unsafe_globals(part)
    if names:
        raise LoadError(
            f"{part} needs Python code to open (it would import {listed(names)}): expected plain "
            "weights, because such a file can run anything; a folder is never opened with trust: "
            "ask for its safetensors"
        )
    if part.suffix != ".safetensors":
        open_checkpoint(part)


def _decoder_note(model: nn.Module, described: HubConfig) -> tuple[str, ...]:
    latent = described.config.get("latent_channels")
    if not callable(getattr(model, "decode", None)) or not isinstance(latent, int):
        return ()
    return (f"{DECODER} --call decode with 'random:latent?shape={latent},32,32'",)
