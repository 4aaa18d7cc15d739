"""Every usual way to store weights loads to the same function; code runs only with trust."""

import argparse
import io
import pathlib
import pickle
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from spectra.errors import LoadError
from spectra.load import load_model


def other(state):
    return {name: torch.zeros_like(tensor) for name, tensor in state.items()}


def prefixed(state, prefix):
    return {prefix + name: tensor for name, tensor in state.items()}


def optimizer_state():
    parameter = nn.Parameter(torch.ones(3))
    optimizer = torch.optim.Adam([parameter])
    parameter.sum().backward()
    optimizer.step()
    return optimizer.state_dict()


LAYOUTS = {
    "plain": lambda s: s,
    "state_dict": lambda s: {"state_dict": s, "epoch": 3},
    "model_state_dict": lambda s: {
        "model_state_dict": s,
        "optimizer_state_dict": optimizer_state(),
        "stats": None,
    },
    "params_ema": lambda s: {"params": other(s), "params_ema": s},
    "ema beside model": lambda s: {"model": other(s), "ema": {"module": s, "decay": 0.999}},
    "g_ema": lambda s: {"g": other(s), "d": {"conv.weight": torch.ones(2)}, "g_ema": s},
    "params": lambda s: {"params": s},
    "model": lambda s: {"model": s, "optimizer": optimizer_state(), "iteration": 7},
    "net": lambda s: {"net": s},
    "netG": lambda s: {"netG": s, "netD": {"conv.weight": torch.ones(2)}},
    "generator": lambda s: {"generator": s, "discriminator": {"conv.weight": torch.ones(2)}},
    "weights": lambda s: {"weights": s},
    "an unusual key": lambda s: {"best_of_all": s, "epoch": torch.tensor(3)},
    "nested twice": lambda s: {"model": {"state_dict": s}},
    "module prefix": lambda s: prefixed(s, "module."),
    "lightning": lambda s: {
        "pytorch-lightning_version": "2.4.0",
        "state_dict": {**prefixed(s, "model."), "loss.vgg.weight": torch.ones(3)},
        "optimizer_states": [optimizer_state()],
        "loops": {},
    },
    "lightning with ema": lambda s: {
        "pytorch-lightning_version": "2.4.0",
        "state_dict": {**prefixed(other(s), "model."), **prefixed(s, "ema_model.")},
    },
    "compiled": lambda s: prefixed(s, "_orig_mod."),
    "compiled part": lambda s: {
        name.replace("body.", "body._orig_mod."): t for name, t in s.items()
    },
    "wrapped twice": lambda s: {"state_dict": prefixed(s, "module._orig_mod.netG.")},
    "averaged": lambda s: {**prefixed(s, "module."), "n_averaged": torch.tensor(5)},
    "numpy": lambda s: {"model": {name: tensor.numpy() for name, tensor in s.items()}},
    "training options": lambda s: {
        "state_dict": s,
        "args": argparse.Namespace(lr=0.1, out=pathlib.PosixPath("a/b"), n=np.float64(2)),
        "windows": pathlib.PureWindowsPath("a"),
        "array": np.arange(3.0),
    },
}


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_weights_in_every_usual_layout_give_the_decoders_output(
    tmp_path, decoder, picture, arch, layout, legacy
):
    file = tmp_path / "weights"  # no suffix: content decides
    torch.save(
        LAYOUTS[layout](decoder.state_dict()), file, _use_new_zipfile_serialization=not legacy
    )
    loaded = load_model(file, arch=arch)
    assert torch.equal(loaded.model(picture), decoder(picture))
    assert loaded.format == "state_dict"
    assert not loaded.model.training


def test_safetensors_under_any_suffix_give_the_decoders_output(tmp_path, decoder, picture, arch):
    file = tmp_path / "weights.pth"
    save_file(decoder.state_dict(), file)
    loaded = load_model(file, arch=arch)
    assert torch.equal(loaded.model(picture), decoder(picture))
    assert loaded.format == "safetensors"


def test_half_precision_weights_are_loaded_as_float32_and_noted(tmp_path, decoder, arch):
    file = tmp_path / "half.pth"
    torch.save(decoder.half().state_dict(), file)
    loaded = load_model(file, arch=arch)
    assert {p.dtype for p in loaded.model.parameters()} == {torch.float32}
    assert torch.equal(loaded.model.up.weight, decoder.up.weight.float())
    assert "float16 weights loaded as float32" in loaded.notes


def test_averaged_weights_are_preferred_and_the_others_named(tmp_path, decoder, arch):
    file = tmp_path / "ema.pth"
    state = decoder.state_dict()
    torch.save({"params": other(state), "params_ema": state}, file)
    notes = " | ".join(load_model(file, arch=arch).notes)
    assert "'params_ema'" in notes
    assert "EMA" in notes
    assert "not used: params" in notes


def test_key_overrides_the_choice(tmp_path, decoder, arch):
    file = tmp_path / "ema.pth"
    state = decoder.state_dict()
    torch.save({"params": other(state), "params_ema": state, "a.b": {"c": state}}, file)
    assert not load_model(file, arch=arch, key="params").model.up.weight.any()
    assert torch.equal(load_model(file, arch=arch, key="a.b.c").model.up.weight, state["up.weight"])


def test_an_absent_key_lists_the_keys_present(tmp_path, decoder, arch):
    file = tmp_path / "x.pth"
    torch.save({"net": decoder.state_dict(), "epoch": 3}, file)
    with pytest.raises(
        LoadError, match=r"key='gan' is not in .*net \(\d+ entries\), epoch \(int\)"
    ):
        load_model(file, arch=arch, key="gan")
    with pytest.raises(LoadError, match=r"key='epoch' .* holds int, expected named tensors"):
        load_model(file, arch=arch, key="epoch")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (optimizer_state(), "an optimizer's state and no weights"),
        ({"optimizer": optimizer_state(), "epoch": 2}, "an optimizer's state and no weights"),
        ({"epoch": 2}, r"holds no weights: .* found epoch \(int\)"),
        ({}, "holds no weights"),
        ([torch.ones(3)], "holds list, expected named tensors"),
        (torch.ones(3, 4), r"holds tensor \(3, 4\).* belongs after the model"),
        (
            {"a": {"w": torch.ones(1)}, "b": {"w": torch.ones(1)}},
            r"several sets of weights \(a, b\): choose one with --key",
        ),
    ],
)
def test_a_file_without_one_set_of_weights_is_refused(tmp_path, arch, content, message):
    file = tmp_path / "x.pth"
    torch.save(content, file)
    with pytest.raises(LoadError, match=message):
        load_model(file, arch=arch)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_a_pickled_module_needs_trust_and_the_refusal_lists_its_globals(tmp_path, picture, legacy):
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ConvTranspose2d(4, 1, 2, 2)).eval()
    file = tmp_path / "model.pt"
    torch.save(model, file, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(LoadError, match=r"torch\.nn\.modules\.conv\.ConvTranspose2d.*--trust"):
        load_model(file)
    loaded = load_model(file, trust=True)
    assert torch.equal(loaded.model(picture), model(picture))
    assert (loaded.format, loaded.architecture) == ("pickled_module", "Sequential")


def test_a_trusted_module_inside_a_checkpoint_is_taken_in_float32(tmp_path, picture):
    model = nn.Conv2d(3, 4, 3).half().eval()
    file = tmp_path / "yolo.pt"
    torch.save({"epoch": 3, "model": model}, file)
    loaded = load_model(file, trust=True)
    assert torch.equal(loaded.model(picture), model.float()(picture))
    assert "module under key 'model'" in loaded.notes
    assert "float16 weights converted to float32" in loaded.notes


@pytest.fixture
def elsewhere(tmp_path):
    """Write a pickled module whose class is in a module ``lapsrn``."""
    file = tmp_path / "model.pt"
    torch.save(nn.Identity(), file)
    content = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(content, "w") as new:
        for item in old.infolist():
            data = old.read(item).replace(b"torch.nn.modules.linear\nIdentity", b"lapsrn\nNet")
            new.writestr(item, data)
    file.write_bytes(content.getvalue())
    return file


def test_a_module_whose_class_is_missing_names_the_module(elsewhere):
    with pytest.raises(LoadError, match=r"No module named 'lapsrn'.*PYTHONPATH"):
        load_model(elsewhere, trust=True)


def test_a_module_whose_class_needs_a_broken_package_is_not_called_damaged(
    elsewhere, tmp_path, monkeypatch
):
    (tmp_path / "lapsrn.py").write_text("raise RuntimeError('operator nms does not exist')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(LoadError, match=r"class is not importable .*nms does not exist"):
        load_model(elsewhere, trust=True)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_torchscript_needs_trust(tmp_path, decoder, picture):
    file = tmp_path / "model.bin"
    torch.jit.save(torch.jit.trace(decoder, picture), file)
    with pytest.raises(LoadError, match=r"TorchScript program.*can run code.*--trust"):
        load_model(file)
    loaded = load_model(file, trust=True)
    assert torch.equal(loaded.model(picture), decoder(picture))
    assert (loaded.format, loaded.architecture) == ("torchscript", "Decoder")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_an_exported_program_needs_trust_and_keeps_its_modules_names(tmp_path, decoder, picture):
    file = tmp_path / "model.zip"
    with file.open("wb") as stream:
        torch.export.save(torch.export.export(decoder, (picture,)), stream)
    with pytest.raises(LoadError, match=r"torch\.export program.*can run code.*--trust"):
        load_model(file)
    loaded = load_model(file, trust=True)
    assert torch.equal(loaded.model(picture), decoder(picture))
    assert loaded.format == "torch_export"
    assert "up" in dict(loaded.model.named_modules())
    assert not loaded.model.training


def test_a_plain_pickle_of_arrays_needs_trust(tmp_path, decoder, picture, arch):
    file = tmp_path / "detectron.pkl"
    state = {name: tensor.numpy() for name, tensor in decoder.state_dict().items()}
    file.write_bytes(pickle.dumps({"model": state, "author": "me"}))
    with pytest.raises(LoadError, match="--trust"):
        load_model(file, arch=arch)
    loaded = load_model(file, arch=arch, trust=True)
    assert torch.equal(loaded.model(picture), decoder(picture))
