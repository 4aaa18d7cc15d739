"""Plain hyper-parameters of a Lightning checkpoint reach a factory that names them."""

import argparse
import math

import pytest
import torch
from torch import nn

from spectra.errors import LoadError
from spectra.load import load_model
from support.packages import packages

__all__ = ["packages"]


def make(width: int = 2, *, mode="nearest", lr=None):
    assert width > 0
    net = nn.Sequential(nn.Conv2d(3, width, 1), nn.Upsample(scale_factor=2, mode=mode))
    net.lr = lr
    return net


def save(path, hyper_parameters, width=7):
    state = {f"model.{name}": value for name, value in make(width).state_dict().items()}
    content = {
        "pytorch-lightning_version": "2.6.6",
        "state_dict": {**state, "loss.weight": torch.ones(2)},
        "loops": {},
        "callbacks": {},
        "hparams_name": "kwargs",
        "hyper_parameters": hyper_parameters,
    }
    torch.save(content, path)
    return path


@pytest.mark.parametrize("kind", [dict, lambda values: argparse.Namespace(**values)])
def test_hyper_parameters_are_passed_to_a_factory_that_names_them(tmp_path, kind):
    file = save(tmp_path / "x.ckpt", kind({"width": 7, "mode": "bilinear", "depth": [1, 2]}))
    loaded = load_model(file, arch=make)
    assert loaded.model[0].out_channels == 7
    assert loaded.model[1].mode == "bilinear"
    notes = " | ".join(loaded.notes)
    assert "hyper-parameters of the file used: width=7, mode='bilinear'" in notes
    assert "Lightning checkpoint" in notes
    assert "prefix 'model.' removed; 1 entries outside it not used" in notes


def test_arguments_of_the_user_go_before_those_of_the_file(tmp_path):
    file = save(tmp_path / "x.ckpt", {"width": 99, "mode": "bilinear"})
    loaded = load_model(file, arch=make, arch_args={"width": 7})
    assert (loaded.model[0].out_channels, loaded.model[1].mode) == (7, "bilinear")


def test_a_factory_that_fails_on_them_says_where_they_come_from(tmp_path):
    file = save(tmp_path / "x.ckpt", {"width": -1})
    with pytest.raises(
        LoadError, match=r"raised AssertionError.*hyper-parameters width=-1.*--arch-a"
    ):
        load_model(file, arch=make)


def test_without_an_architecture_they_are_shown(tmp_path):
    file = save(tmp_path / "x.ckpt", {"width": 7, "mode": "nearest"})
    with pytest.raises(
        LoadError, match=r"hyper-parameters width=7, mode='nearest'; name the model"
    ):
        load_model(file)
    torch.save({"state_dict": make().state_dict(), "arch": "resnet50"}, file)
    with pytest.raises(LoadError, match=r", 'arch' 'resnet50'; name the model"):
        load_model(file)


@pytest.mark.parametrize(
    "lr",
    [math.nan, torch.ones(1), {1: 2}, [[[[1]]]], torch.float16, {"a": torch.ones(1)}],
    ids=str,
)
def test_what_is_no_plain_value_is_not_passed_on(tmp_path, lr):
    file = save(tmp_path / "x.ckpt", {"width": 7, "lr": lr})
    assert load_model(file, arch=make).model.lr is None


@pytest.mark.parametrize("lr", [1e-4, None, "auto", [1, (2, 3)], {"base": {"value": 0.1}}])
def test_plain_values_are_passed_on(tmp_path, lr):
    assert load_model(save(tmp_path / "x.ckpt", {"width": 7, "lr": lr}), arch=make).model.lr == lr


def test_a_file_cannot_make_a_package_download_or_open_other_files(tmp_path, packages):
    from support.packages import SOURCES

    assert "assert not pretrained and not checkpoint_path" in SOURCES["timm"]
    hyper_parameters = {
        "pretrained": True,
        "checkpoint_path": "x",
        "encoder_weights": "imagenet",
        "weights": "DEFAULT",
        "encoder_name": "resnet18",
        "width": 4,
    }
    state = {"net.up.weight": torch.ones(2, 4, 4, 4), "net.up.bias": torch.ones(4)}
    torch.save({"state_dict": state, "hyper_parameters": hyper_parameters}, tmp_path / "x.ckpt")
    for arch in ("timm:dec", "smp:Unet", "torchvision:dec"):
        assert load_model(tmp_path / "x.ckpt", arch=arch).model.up.bias.all()
