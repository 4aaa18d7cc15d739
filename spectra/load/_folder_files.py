"""What a folder of a model holds: which file its weights are in, or why there is none."""

import hashlib
import json
import os
import re
from pathlib import Path, PurePosixPath

from spectra._files import is_regular, open_regular, read_whole
from spectra._text import brief, listed
from spectra.errors import LoadError
from spectra.load._hub_config import HubConfig, read_hub_config, read_json
from spectra.load._weight_files import WEIGHTS_EXPECTED

_CANONICAL = ("model", "diffusion_pytorch_model", "pytorch_model")
_SUFFIXES = (".safetensors", ".bin")
_OTHER_SUFFIXES = (".pth", ".pt", ".ckpt")
_PART = re.compile(r"(?P<stem>.+)-\d{5}-of-\d{5}(?P<suffix>\.\w+)")


def described_files(folder: Path) -> tuple[HubConfig, Path]:
    """Return what ``folder/config.json`` describes, and the file of its weights or their index.

    Raises
    ------
    LoadError
        If the folder is something else, or holds no weights or several.
    """
    _check_members(folder)
    described = read_hub_config(folder)
    if described is None:
        raise LoadError(folder_refusal(folder))
    file = _weight_file(folder)
    if file is None:
        raise LoadError(_no_weights(folder, described))
    return described, file


def _check_members(folder: Path) -> None:
    """Raise if ``folder`` holds a pipe or a device, on which a package that reads it would wait."""
    with os.scandir(folder) as members:
        for member in members:
            if not member.is_dir() and not is_regular(Path(member)) and Path(member).exists():
                raise LoadError(
                    f"{folder} holds {member.name!r}, which is no regular file but a pipe or a "
                    "device: expected files; remove it"
                )


def weights_in(folder: Path) -> Path:
    """Return the file of weights in a folder that needs no description, or the index of parts.

    Raises
    ------
    LoadError
        If it holds none, or several.
    """
    file = _weight_file(folder)
    if file is None:
        raise LoadError(folder_refusal(folder))
    return file


def _weight_file(folder: Path) -> Path | None:
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
        names = sorted(set(json.loads(read_whole(index))["weight_map"].values()))
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


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file; of sharded weights, that of their parts' in order."""
    if not path.name.endswith(".index.json"):
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digests = "".join(digest_of(part) for part in parts_of(path))
    return hashlib.sha256(digests.encode()).hexdigest()


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
    (
        ".metadata",
        "a distributed checkpoint of torch",
        "type 'python -m torch.distributed.checkpoint.format_utils dcp_to_torch {folder} model.pt' "
        "and give model.pt",
    ),
    (
        "zero_to_fp32.py",
        "a DeepSpeed checkpoint",
        "type 'python {folder}/zero_to_fp32.py {folder} out' and give the weights in out",
    ),
    (
        "saved_model.pb",
        "a TensorFlow SavedModel",
        "rewrite its weights as a state_dict of a PyTorch module and name that module with --arch",
    ),
    ("MLmodel", "an MLflow model", "give the file {folder}/data/model.pth with --trust"),
    (
        "adapter_config.json",
        "an adapter (LoRA), which changes another model",
        "merge it into that model with peft's merge_and_unload() and save_pretrained()",
    ),
    (
        "Manifest.json",
        "a Core ML package",
        "give the PyTorch weights it was converted from and name their class with --arch",
    ),
)


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
