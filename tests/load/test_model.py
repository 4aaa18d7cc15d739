"""What a loaded model knows about itself, and the published checkpoints."""

import hashlib
import json

import pytest
import torch
from torch import nn

from spectra.errors import LoadError, ParameterError
from spectra.load import load_model


def test_a_module_is_taken_as_it_is_and_left_untouched():
    model = nn.Conv2d(3, 4, 3).half().train()
    loaded = load_model(model)
    assert loaded.model is model
    assert model.training
    assert model.weight.dtype == torch.float16
    assert (loaded.source, loaded.sha256, loaded.format) == ("Conv2d", None, "module")
    assert loaded.parameters == 3 * 4 * 9 + 4


def test_the_file_is_identified_by_its_hash(tmp_path, decoder, arch):
    file = tmp_path / "w.pth"
    torch.save(decoder.state_dict(), file)
    expected = hashlib.sha256(file.read_bytes()).hexdigest()
    assert load_model(str(file), arch=arch).sha256 == expected
    assert load_model(file, arch=arch).source == str(file)


def test_a_factory_as_model_excludes_another_architecture():
    with pytest.raises(ParameterError, match="needs a file of weights"):
        load_model("torch.nn:Identity", arch="torch.nn:Identity")


def test_the_loading_options_are_kept_and_reach_the_summary(tmp_path, decoder):
    from spectra import Options
    from spectra.report._summary_json import encode_summary
    from spectra.run import analyze

    torch.save({"params": decoder.state_dict()}, tmp_path / "w.pth")
    (tmp_path / "net.py").write_text(
        "from torch import nn\n"
        "def make(width, **rest):\n"
        "    body = nn.Sequential(nn.Conv2d(3, width, 3, padding=1), nn.BatchNorm2d(width))\n"
        "    up = nn.ConvTranspose2d(width, 3, 4, stride=2, padding=1)\n"
        "    class Net(nn.Module):\n"
        "        def __init__(self):\n"
        "            super().__init__()\n"
        "            self.body, self.up = body, up\n"
        "        def forward(self, x):\n"
        "            return self.up(self.body(x))\n"
        "    return Net()\n"
    )
    arch = f"{tmp_path / 'net.py'}:make"
    given = {"width": 4, "best": float("inf"), "sizes": (1, 2), "odd": {1: 2j}}
    loaded = load_model(tmp_path / "w.pth", arch=arch, arch_args=given, key="params")
    summary = analyze(loaded, options=Options(crop=32)).summary
    options = json.loads(encode_summary(summary))["run"]["options"]
    assert {name: options[name] for name in loaded.options} == {
        "arch": arch,
        "arch_args": {"width": 4, "best": "inf", "sizes": [1, 2], "odd": {"1": "2j"}},
        "key": "params",
        "strip_prefix": None,
        "strict": True,
        "trust": False,
    }
    assert (options["crop"], options["call"]) == (32, "forward")


def test_a_function_as_architecture_is_kept_by_its_name(tmp_path, decoder, arch):
    torch.save(decoder.state_dict(), tmp_path / "w.pth")
    assert load_model(tmp_path / "w.pth", arch=arch).options["arch"].endswith("build")
    assert load_model(decoder).options["arch"] is None


PUBLISHED = {
    "fsrcnn_x3.pth": ("fsrcnn:fsrcnn", {"scale": 3}, ()),
    "espcn_x2.pth": ("espcn:espcn", {"scale": 2}, ()),
    "lwnet_wnet_drive.pth": ("lwnet:wnet", {}, ("weights under key 'model_state_dict'",)),
    "face_dcgan.pth": ("dcgan:face", {}, ()),
    "phasenet_1d.pth": ("phasenet:phasenet", {}, ()),
    "taef2_decoder.pth": ("taef2:taef2_decoder", {}, ("float16 weights loaded as float32",)),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_checkpoints_fit_their_architectures(data_dir, name):
    arch, arguments, notes = PUBLISHED[name]
    file = data_dir / "checkpoints" / name
    loaded = load_model(file, arch=f"support.decoders.{arch}", arch_args=arguments)
    raw = torch.load(file, map_location="cpu", weights_only=True)
    state = raw.get("model_state_dict", raw)
    own = loaded.model.state_dict()
    assert all(torch.equal(own[key], value.to(own[key].dtype)) for key, value in state.items())
    assert loaded.notes == notes


def test_every_published_checkpoint_without_architecture_is_described(data_dir):
    files = sorted((data_dir / "checkpoints").glob("*.pth"))
    for file in files:
        with pytest.raises(LoadError, match=r"\d+ tensors .* name the model with --arch"):
            load_model(file)
    assert len(files) > 15


def test_a_published_module_pickle_is_refused_with_its_globals(data_dir):
    file = data_dir / "checkpoints" / "original" / "lapsrn_model_epoch_100.pth"
    with pytest.raises(LoadError, match=r"lapsrn\.Net.*--trust"):
        load_model(file)
    with pytest.raises(LoadError, match="No module named 'lapsrn'"):
        load_model(file, trust=True)
