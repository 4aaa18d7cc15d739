"""Tiny stand-ins for the packages whose models can be named; written to a folder of a test.

They take the calls that the real ones take, and refuse a call that could reach the network,
run code from a folder or unpickle: what is tested with them is how they are called.
"""

import sys
from pathlib import Path

import pytest

_COMMON = """
import json, os
from pathlib import Path
import torch
from safetensors.torch import load_file
from torch import nn


class Decoder(nn.Module):
    def __init__(self, width=4, latent_channels=2):
        super().__init__()
        self.up = nn.ConvTranspose2d(latent_channels, width, 4, stride=2, padding=1)

    def forward(self, x):
        return self.up(x)


def read(folder, use_safetensors):
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    print("to stdout")
    (index,) = [*Path(folder).glob("*.safetensors.index.json")] or [None]
    if index:
        names = set(json.loads(index.read_text())["weight_map"].values())
        return {k: v for name in names for k, v in load_file(Path(folder) / name).items()}
    if use_safetensors:
        (file,) = Path(folder).glob("*.safetensors")
        return load_file(file)
    (file,) = Path(folder).glob("*.bin")
    return torch.load(file, weights_only=True)


def filled(model, state):
    result = model.load_state_dict(state, strict=False)
    missing, unexpected = set(result.missing_keys), set(result.unexpected_keys)
    info = {"missing_keys": missing, "unexpected_keys": unexpected, "mismatched_keys": set()}
    return model, info
"""
_DIFFUSERS = """
class AutoencoderKL(Decoder):
    @classmethod
    def from_config(cls, config):
        return cls(config["width"], config["latent_channels"])

    @classmethod
    def from_pretrained(cls, folder, *, local_files_only, output_loading_info, use_safetensors,
                        low_cpu_mem_usage):
        assert local_files_only and output_loading_info and not low_cpu_mem_usage
        model = cls.from_config(json.loads((Path(folder) / "config.json").read_text()))
        return filled(model, read(folder, use_safetensors))

    def forward(self, x):
        return self.up(x.mean(1, keepdim=True).repeat(1, self.up.in_channels, 1, 1)[:, :, ::2, ::2])

    def decode(self, z):
        return {"sample": self.up(z)}


class DiffusionPipeline:
    pass
"""
_TRANSFORMERS = """
class Config:
    def __init__(self, width=4, **rest):
        self.width = width
        assert not {"auto_map", "attn_implementation", "_attn_implementation"} & {*rest}

    @classmethod
    def from_dict(cls, config):
        return cls(**{k: v for k, v in config.items() if k != "architectures"})


class DPTForDepthEstimation(Decoder):
    config_class = Config

    def __init__(self, config):
        super().__init__(config.width)
        self.config = config

    @classmethod
    def from_pretrained(cls, folder, *, config=None, state_dict=None, local_files_only=False,
                        output_loading_info, use_safetensors=False, trust_remote_code=False,
                        attn_implementation):
        assert output_loading_info and not trust_remote_code and attn_implementation == "eager"
        if folder is None:
            model, state = cls(config), state_dict
        else:
            assert local_files_only
            config = json.loads((Path(folder) / "config.json").read_text())
            model, state = cls(Config(config.get("width", 4))), read(folder, use_safetensors)
        return filled(model, {k.replace("upscaler.", "up."): v for k, v in state.items()})
"""
_SMP = """
class Unet(Decoder):
    def __init__(self, encoder_name="resnet34", encoder_weights="imagenet", width=4):
        assert encoder_weights is None
        assert encoder_name != "absent", "no such encoder"
        super().__init__(width)
"""
_TIMM = """
def is_model(name):
    return name == "dec"

def list_models():
    return ["dec", "resnet18"]

def create_model(model_name, pretrained, num_classes=1000, checkpoint_path="", width=4):
    assert not pretrained and not checkpoint_path
    model = Decoder(width)
    model.num_classes = num_classes
    return model
"""
_TORCHVISION = """
def _dec(*, weights="DEFAULT", weights_backbone="DEFAULT", width=4):
    assert weights is None and weights_backbone is None
    return Decoder(width)

def list_models():
    return ["dec"]


def get_model_builder(name):
    if name != "dec":
        raise ValueError(name)
    return _dec
"""
SOURCES = {
    "diffusers": _DIFFUSERS,
    "transformers": _TRANSFORMERS,
    "segmentation_models_pytorch": _SMP,
    "timm": _TIMM,
    "torchvision": _TORCHVISION,
}


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Put the stand-ins where the real packages would be found; return their folder."""
    folder = tmp_path / "site"
    for name, source in SOURCES.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(_COMMON + source)
        for loaded in [m for m in sys.modules if m.partition(".")[0] == name]:
            monkeypatch.delitem(sys.modules, loaded)
    (folder / "torchvision" / "models.py").write_text(
        "from torchvision import get_model_builder, list_models\n"
    )
    monkeypatch.syspath_prepend(folder)
    yield folder
    for name in [m for m in sys.modules if m.partition(".")[0] in SOURCES]:
        if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def write_folder(folder: Path, config: dict, files: dict) -> Path:
    """Write a folder with a ``config.json`` and files of weights (by suffix)."""
    import json

    import torch
    from safetensors.torch import save_file

    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    for name, state in files.items():
        if name.endswith(".safetensors"):
            save_file(state, folder / name)
        elif name.endswith(".json"):
            (folder / name).write_text(json.dumps({"metadata": {}, "weight_map": state}))
        else:
            torch.save(state, folder / name)
    return folder
