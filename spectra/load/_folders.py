"""Folders of models: Hugging Face, diffusers, smp and timm; sharded weights; what is neither."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, cast

from torch import nn

from spectra.errors import LoadError
from spectra.load._architectures import Built, build_described
from spectra.load._checkpoints import open_checkpoint, unsafe_globals
from spectra.load._fit import fit, problems_text
from spectra.load._formats import WEIGHTS_EXPECTED
from spectra.load._hub_config import HubConfig, described_class, read_hub_config, read_json
from spectra.load._libraries import offline
from spectra.load._text import brief, listed
from spectra.load._weights import Weights, find_weights

DECODER = "its decoder alone:"
_CANONICAL = ("model", "diffusion_pytorch_model", "pytorch_model")
_SUFFIXES = (".safetensors", ".bin")
_OTHER_SUFFIXES = (".pth", ".pt", ".ckpt")
_PART = re.compile(r"(?P<stem>.+)-\d{5}-of-\d{5}(?P<suffix>\.\w+)")


def weight_file(folder: Path) -> Path | None:
    """Return the file of ``folder`` that holds its weights, or the index of their parts.

    The usual names come first, safetensors before pickles; else the only file of weights.
    """
    usual = (
        folder / f"{stem}{suffix}{index}"
        for suffix in _SUFFIXES
        for stem in _CANONICAL
        for index in ("", ".index.json")
    )
    found = next((file for file in usual if file.is_file()), None)
    if found is not None:
        return found
    for suffix in (*_SUFFIXES, *_OTHER_SUFFIXES):
        files = sorted(file for file in folder.glob(f"*{suffix}") if file.is_file())
        if len(files) == 1:
            return files[0]
    return None


def parts_of(index: Path) -> tuple[Path, ...]:
    """Return the files that ``index`` names, all beside it.

    Raises
    ------
    LoadError
        If it is damaged, names files elsewhere, or files are missing.
    """
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        elsewhere = [name for name in names if PurePosixPath(name).name != name or "\\" in name]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LoadError(
            f"{index} cannot be read as an index of weights ({brief(error)}): expected JSON with "
            "a 'weight_map'; download it again"
        ) from error
    if elsewhere or not names:
        raise LoadError(f"{index} names {listed(elsewhere, 3)}: expected files that lie beside it")
    missing = [name for name in names if not (index.parent / name).is_file()]
    if missing:
        raise LoadError(
            f"{index} names {len(names)} files, of which {len(missing)} are missing: "
            f"{listed(missing, 3)}; download them to {index.parent}"
        )
    return tuple(index.parent / name for name in names)


def check_no_part(path: Path) -> None:
    """Raise if ``path`` is one part of sharded weights, naming the index of all."""
    match = _PART.fullmatch(path.name)
    index = path.with_name(f"{match['stem']}{match['suffix']}.index.json") if match else None
    if index is not None and index.is_file():
        raise LoadError(
            f"{path} is one part of sharded weights: expected all of them; give {index} or the "
            f"folder {path.parent}"
        )


def open_parts(index: Path, *, trust: bool = False) -> Weights:
    """Return the weights of all files that ``index`` names."""
    weights: Weights = {}
    for part in parts_of(index):
        opened = open_checkpoint(part, trust=trust)
        found = find_weights(opened.content, str(part)).weights
        weights |= found.state_dict() if isinstance(found, nn.Module) else found
    return weights


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file; of sharded weights, that of their parts' in order."""
    if not path.name.endswith(".index.json"):
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digests = "".join(digest_of(part) for part in parts_of(path))
    return hashlib.sha256(digests.encode()).hexdigest()


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
    described = read_hub_config(folder)
    if described is None:
        raise LoadError(folder_refusal(folder))
    file = weight_file(folder)
    if file is None:
        raise LoadError(_no_weights(folder, described))
    parts = parts_of(file) if file.name.endswith(".json") else (file,)
    for part in parts:
        _check_plain(part)
    if described.library in ("smp", "timm") or arguments:
        model = build_described(described, arguments)
        weights = open_parts(file) if len(parts) > 1 else _weights_of(file)
        notes = fit(model, weights, str(folder), strict=strict)
    else:
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
                str(folder), local_files_only=True, output_loading_info=True,
                use_safetensors=".safetensors" in file.suffixes, **how,
            )  # fmt: skip
    except Exception as error:
        raise LoadError(
            f"{folder} cannot be opened as a {described.name} ({brief(error)}): expected the "
            f"folder that save_pretrained of {described.library} wrote; check its files"
        ) from error
    groups = (("missing", "missing_keys"), ("unexpected", "unexpected_keys"),
              ("of another shape", "mismatched_keys"))  # fmt: skip
    problems = problems_text((what, sorted(map(str, info.get(key) or ()))) for what, key in groups)
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


def _no_weights(folder: Path, described: HubConfig) -> str:
    names = sorted(file.name for file in folder.iterdir() if file.is_file())
    other = [name for name in names if name.endswith((".h5", ".msgpack", ".onnx", ".gguf"))]
    several = [name for name in names if name.endswith((*_SUFFIXES, *_OTHER_SUFFIXES))]
    held = f"only {listed(other, 3)}, of another framework" if other else "none"
    advice = "download model.safetensors to it"
    if several:
        held = f"several: {listed(several, 4)}"
        advice = f"type '{folder / several[0]} --arch hf:{folder}'"
    return (
        f"{folder} describes a {described.name} ({described.library}), but of files with its "
        f"weights it holds {held}: expected one; {advice}"
    )


def folder_refusal(folder: Path) -> str:
    """Say what ``folder`` is, and what in it can be loaded."""
    for sign, what, advice in _FOLDERS:
        if any(folder.glob(sign)):
            return f"{folder} is {what}; {WEIGHTS_EXPECTED}; {advice.format(folder=folder)}"
    if (folder / "model_index.json").is_file():
        return _pipeline_refusal(folder)
    snapshots = sorted((folder / "snapshots").glob("*/"))
    if snapshots:
        return (
            f"{folder} is a download cache of Hugging Face; {WEIGHTS_EXPECTED}; give the folder "
            f"inside that holds config.json: {snapshots[-1]}"
        )
    suffixes = (*_SUFFIXES, *_OTHER_SUFFIXES)
    weights = sorted(file for suffix in suffixes for file in folder.glob(f"*{suffix}"))
    if weights:
        return f"{folder} is a folder; {WEIGHTS_EXPECTED}; give a file in it, such as {weights[0]}"
    return f"{folder} is a folder without weights in it; {WEIGHTS_EXPECTED}; give the weights' file"


_FOLDERS = (
    (".metadata", "a distributed checkpoint of torch",
     "type 'python -m torch.distributed.checkpoint.format_utils dcp_to_torch {folder} model.pt' "
     "and give model.pt"),
    ("zero_to_fp32.py", "a DeepSpeed checkpoint",
     "type 'python {folder}/zero_to_fp32.py {folder} out' and give the weights in out"),
    ("saved_model.pb", "a TensorFlow SavedModel",
     "rewrite its weights as a state_dict of a PyTorch module and name that module with --arch"),
    ("MLmodel", "an MLflow model", "give the file {folder}/data/model.pth with --trust"),
    ("adapter_config.json", "an adapter (LoRA), which changes another model",
     "merge it into that model with peft's merge_and_unload() and save_pretrained()"),
    ("Manifest.json", "a Core ML package",
     "give the PyTorch weights it was converted from and name their class with --arch"),
)  # fmt: skip


def _pipeline_refusal(folder: Path) -> str:
    inner = [file.parent for file in sorted(folder.glob("*/config.json"))]
    decoders = [part for part in inner if part.name in ("vae", "movq", "vqvae")]
    best = next(iter((*decoders, *inner)), folder / "vae")
    latent = read_json(best / "config.json").get("latent_channels", 4)
    how = f"'{best} random:latent?shape={latent},32,32 --call decode'" if decoders else f"'{best}'"
    return (
        f"{folder} is a diffusers pipeline (a folder of models); {WEIGHTS_EXPECTED}; "
        f"give one model of it, for example type {how}"
    )
