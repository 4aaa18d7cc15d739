"""Files that would run code when opened carelessly; spectra opens none of them without trust.

Each payload makes a folder, the crater. The last tests open the same files carelessly and find
it, so that the others can fail.
"""

import contextlib
import io
import json
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import nn

from spectra.errors import InputError, LoadError, SpectraError
from spectra.inputs import open_inputs
from spectra.load import load_model
from support.packages import packages

__all__ = ["packages"]
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"
)


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, crater):
        self.crater = crater

    def __reduce__(self):
        return os.mkdir, (str(self.crater),)


class Digger(nn.Module):
    """A TorchScript module that writes a file when it is loaded."""

    def __init__(self, crater: str) -> None:
        super().__init__()
        self.crater = crater

    @torch.jit.export
    def __getstate__(self) -> tuple[str, bool]:
        return self.crater, self.training

    @torch.jit.export
    def __setstate__(self, state: tuple[str, bool]) -> None:
        self.crater = state[0]
        self.training = state[1]
        torch.save(torch.ones(1), self.crater)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


STATE = {"weight": torch.ones(1, 1, 1, 1), "bias": torch.ones(1)}


def zip_checkpoint(bomb, file):
    torch.save({"state_dict": STATE, "x": bomb}, file)


def zip_checkpoint_in_a_key(bomb, file):
    torch.save({"state_dict": STATE, (1, Hashed(bomb)): 1}, file)


class Hashed:
    """Carries a bomb where something hashable is needed."""

    def __init__(self, bomb):
        self.bomb = bomb

    def __reduce__(self):
        return self.bomb.__reduce__()


def legacy_checkpoint(bomb, file):
    torch.save([STATE, bomb], file, _use_new_zipfile_serialization=False)


def plain_pickle(bomb, file):
    file.write_bytes(pickle.dumps(bomb))


def joblib_like(bomb, file):
    file.write_bytes(pickle.dumps({"coef": np.ones(3), "model": bomb}, protocol=5))


def pickle_named_safetensors(bomb, file):
    file.write_bytes(pickle.dumps(bomb) + save(STATE))


def tensor_with_attributes(bomb, file):
    tensor = torch.nn.Parameter(torch.ones(1, 1, 1, 1))
    tensor.note = bomb
    torch.save({"weight": tensor, "bias": torch.ones(1)}, file)


def lightning_hyper_parameters(bomb, file):
    content = {"pytorch-lightning_version": "2.6.6", "state_dict": STATE, "loops": {}}
    torch.save({**content, "hyper_parameters": {"width": 1, "loss": bomb}}, file)


def object_array(bomb, file):
    with file.open("wb") as stream:
        np.save(stream, np.array([bomb, 1], dtype=object), allow_pickle=True)


def object_arrays(bomb, file):
    with file.open("wb") as stream:
        np.savez(stream, x=np.array([bomb, 1], dtype=object), allow_pickle=True)


def object_array_in_a_checkpoint(bomb, file):
    torch.save({"state_dict": STATE, "mean": np.array([bomb, 1], dtype=object)}, file)


def rewritten(source, file, ending, payload):
    """Copy the zip ``source`` to ``file`` with ``payload`` for the entry of that ``ending``."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(file, "w") as new:
        for item in old.infolist():
            hit = item.filename.endswith(ending)
            new.writestr(item, payload if hit else old.read(item))


def exported_program(bomb, file):
    payload, content = io.BytesIO(), io.BytesIO()
    torch.save(bomb, payload)
    model = nn.Conv2d(3, 3, 1)
    torch.export.save(torch.export.export(model, (torch.ones(1, 3, 4, 4),)), content)
    rewritten(content, file, "sample_inputs/model.pt", payload.getvalue())


def torchscript(bomb, file):
    torch.jit.save(torch.jit.script(Digger(str(bomb.crater))), file)


def torchscript_with_a_pickle(bomb, file):
    content = io.BytesIO()
    torch.jit.save(torch.jit.script(nn.Conv2d(1, 1, 1)), content)
    rewritten(content, file, "/data.pkl", pickle.dumps(bomb, protocol=2))


def unpickle_inside(file):
    with zipfile.ZipFile(file) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
        pickle.loads(archive.read(name))


def careless_torch(file):
    torch.load(file, weights_only=False)


def careless_pickle(file):
    with file.open("rb") as stream:
        pickle.load(stream)


def careless_numpy(file):
    loaded = np.load(file, allow_pickle=True)
    if hasattr(loaded, "files"):
        loaded["x"]


FILES = {
    zip_checkpoint: careless_torch,
    zip_checkpoint_in_a_key: careless_torch,
    legacy_checkpoint: careless_torch,
    lightning_hyper_parameters: careless_torch,
    tensor_with_attributes: careless_torch,
    object_array_in_a_checkpoint: careless_torch,
    plain_pickle: careless_pickle,
    joblib_like: careless_pickle,
    pickle_named_safetensors: careless_pickle,
    object_array: careless_numpy,
    object_arrays: careless_numpy,
    exported_program: torch.export.load,
    torchscript: torch.jit.load,
    torchscript_with_a_pickle: unpickle_inside,
}


@pytest.fixture
def crater(tmp_path):
    return tmp_path / "crater"


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".npy", ".png", ".nc"])
@pytest.mark.parametrize("write", FILES, ids=lambda write: write.__name__)
def test_no_file_runs_code_without_trust_whatever_its_name(tmp_path, crater, write, suffix):
    file = tmp_path / f"x{suffix}"
    write(Bomb(crater), file)
    for arch in (None, lambda **_: nn.Conv2d(1, 1, 1)):
        with pytest.raises(LoadError):
            load_model(file, arch=arch)
    with pytest.raises(SpectraError):
        list(open_inputs(file).batches(1))
    assert not crater.exists()


@pytest.mark.parametrize("write", FILES, ids=lambda write: write.__name__)
def test_the_refusal_says_what_would_run_or_that_it_can(tmp_path, crater, write):
    file = tmp_path / "x.pth"
    write(Bomb(crater), file)
    arrays = write in (object_array, object_arrays)
    programs = write in (exported_program, torchscript, torchscript_with_a_pickle)
    with pytest.raises(LoadError) as caught:
        load_model(file)
    text = str(caught.value)
    assert ("posix.mkdir" in text) == (not arrays and not programs)
    assert ("--trust" in text) == (not arrays)
    if arrays:
        with pytest.raises(InputError, match=r"not pickled objects|no array|object"):
            open_inputs(file)


LIBRARIES = {
    "pytorch_model.bin": {"_model_class": "Unet"},
    "diffusion_pytorch_model.bin": {"_class_name": "AutoencoderKL", "latent_channels": 2},
    "model.safetensors": {"architectures": ["DPTForDepthEstimation"]},
}


@pytest.mark.parametrize("trust", [False, True])
@pytest.mark.parametrize("sharded", [False, True], ids=["whole", "sharded"])
@pytest.mark.parametrize("name", LIBRARIES)
def test_a_folder_runs_no_code_even_with_trust(packages, tmp_path, crater, name, sharded, trust):
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(LIBRARIES[name]))
    file = folder / ("part-of-it.bin" if sharded else name)
    zip_checkpoint(Bomb(crater), file)
    if sharded:
        index = {"weight_map": {"up.weight": file.name}}
        (folder / f"{name}.index.json").write_text(json.dumps(index))
    with pytest.raises(LoadError, match=r"posix\.mkdir"):
        load_model(folder, trust=trust)
    assert not crater.exists()
    careless_torch(file.rename(folder / "x"))  # torch goes by the suffix .safetensors
    assert crater.exists()


def test_a_folder_with_arch_or_an_index_needs_trust_as_its_files_do(tmp_path, crater):
    zip_checkpoint(Bomb(crater), tmp_path / "pytorch_model.bin")
    index = tmp_path / "pytorch_model.bin.index.json"
    index.write_text(json.dumps({"weight_map": {"weight": "pytorch_model.bin"}}))
    for source in (tmp_path, index):
        with pytest.raises(LoadError, match=r"posix\.mkdir.*--trust"):
            load_model(source, arch=lambda: nn.Conv2d(1, 1, 1))
    assert not crater.exists()


HEADERS = {
    "no JSON": b"{'w': __import__('os')}",
    "not closed": b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}',
    "a list": b"{ []",
    "overlapping": b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
    b'"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    "outside": b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
    "negative": b'{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}',
    "overflowing": b'{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}',
    "unknown dtype": b'{"w":{"dtype":"O64","shape":[1],"data_offsets":[0,4]}}',
    "deep": b'{"w":' + b"[" * 3000 + b"]" * 3000 + b"}",
    "twice": b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
    b'"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
}


@pytest.mark.parametrize("name", HEADERS)
def test_an_odd_header_of_safetensors_is_refused_in_one_line(tmp_path, name):
    file = tmp_path / "x.safetensors"
    file.write_bytes(struct.pack("<Q", len(HEADERS[name])) + HEADERS[name] + bytes(4))
    with pytest.raises(LoadError) as caught:
        load_model(file, arch=lambda: nn.Conv2d(1, 1, 1))
    assert "\n" not in str(caught.value)
    file.write_bytes(struct.pack("<Q", 1 << 62) + HEADERS[name] + bytes(4))
    with pytest.raises(LoadError, match=r"truncated safetensors|of no known kind"):
        load_model(file, arch=lambda: nn.Conv2d(1, 1, 1))


@pytest.mark.parametrize("write", FILES, ids=lambda write: write.__name__)
def test_opened_carelessly_the_same_file_runs_its_code(tmp_path, crater, write):
    write(Bomb(crater), tmp_path / "x.pth")
    with contextlib.suppress(Exception):  # what follows the payload may fail
        FILES[write](tmp_path / "x.pth")
    assert crater.exists()


@pytest.mark.parametrize("write", [zip_checkpoint, legacy_checkpoint, plain_pickle, torchscript])
def test_with_trust_it_runs(tmp_path, crater, write):
    write(Bomb(crater), tmp_path / "x.pth")
    with contextlib.suppress(LoadError):
        load_model(tmp_path / "x.pth", arch=lambda: nn.Conv2d(1, 1, 1), trust=True)
    assert crater.exists()
