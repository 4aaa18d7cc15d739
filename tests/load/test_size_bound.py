"""A model that is built from a file's sizes is no larger than the file's weights warrant."""

import json
import threading

import pytest
import torch
from torch import nn

from spectra.errors import LoadError
from spectra.load import load_model
from spectra.load._size_bound import TooLargeError, held_bytes, size_bounded
from support.packages import packages

__all__ = ["packages"]

HELD = 1 << 20  # bytes, of which four times as much and 64 MiB may be made
MOST = 4 * HELD + (64 << 20)


def build(values):
    """Make a module of so many float32 values."""
    module = nn.Module()
    for index in range(4):
        module.register_parameter(f"w{index}", nn.Parameter(torch.empty(values // 4)))
    return module


def test_a_model_of_the_bound_is_built_and_one_value_more_is_not():
    with size_bounded(HELD, "x.pth"):
        build(MOST // 4)
    with pytest.raises(TooLargeError, match=r"x\.pth holds 1\.0 MiB .* more than 68\.0 MiB"):
        build_bounded(MOST // 4 + 4)


def build_bounded(values):
    with size_bounded(HELD, "x.pth"):
        build(values)


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.zeros(1 << 20, 1 << 20),
        lambda: torch.empty((1 << 20, 1 << 20), dtype=torch.int8),
        lambda: torch.randn(1 << 20, 1 << 20),
        lambda: nn.Linear(1 << 20, 1 << 20),
        lambda: nn.Module().register_buffer("b", torch.ones(1 << 20, 1 << 20)),
        lambda: torch.zeros(1).new_full((1 << 20, 1 << 20), 2.0),
    ],
)
def test_a_tensor_that_is_too_large_is_not_made(make):
    with pytest.raises(TooLargeError), size_bounded(HELD, "x.pth"):
        make()  # terabytes


def test_a_parameter_that_is_replaced_counts_once():
    with size_bounded(HELD, "x.pth"):
        module = build(MOST // 8)
        for _ in range(8):
            for index in range(4):
                setattr(module, f"w{index}", nn.Parameter(torch.empty(MOST // 32)))


def test_other_threads_and_later_models_are_not_bounded():
    with size_bounded(HELD, "x.pth"):
        thread = threading.Thread(target=build, args=(MOST,))
        thread.start()
        thread.join()
    build(MOST)


def test_repeated_values_warrant_nothing():
    one = torch.ones(1000)
    views = {"a": one, "b": one[:500], "c": torch.ones(1).expand(1 << 20), "d": torch.ones(10)}
    assert held_bytes(views) == 4 * (1000 + 1 + 10)


def test_a_folder_whose_config_asks_for_more_than_its_weights_is_refused(packages, tmp_path):
    from safetensors.torch import save_file

    config = {"_class_name": "AutoencoderKL", "width": 1 << 16, "latent_channels": 1 << 12}
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_file({"up.weight": torch.ones(2, 4, 4, 4)}, tmp_path / "model.safetensors")
    for given in ({}, {"arch_args": {"width": 1 << 20}}):
        with pytest.raises(LoadError, match="describes a model of more than"):
            load_model(tmp_path, **given)
