"""Weights that do not fit are refused with names and counts."""

import math

import pytest
import torch
from torch import nn

from spectra.errors import LoadError
from spectra.load import load_model


@pytest.fixture
def save(tmp_path):
    def write(content):
        torch.save(content, tmp_path / "x.pth")
        return tmp_path / "x.pth"

    return write


def test_missing_and_unexpected_names_are_listed(save, decoder, arch):
    state = decoder.state_dict()
    state["extra.weight"] = state.pop("up.weight")
    file = save(state)
    with pytest.raises(LoadError, match=r"1 missing: up\.weight; 1 unexpected: extra\.weight"):
        load_model(file, arch=arch)
    notes = load_model(file, arch=arch, strict=False).notes
    assert any("1 missing: up.weight" in note for note in notes)
    assert any("1 unexpected: extra.weight" in note for note in notes)


def test_other_shapes_are_listed_and_kept_out_when_not_strict(save, decoder, arch):
    file = save(decoder.state_dict())
    with pytest.raises(
        LoadError, match=r"body\.0\.weight \(file \(4, 3, 3, 3\), model \(6, 3, 3, 3\)\)"
    ):
        load_model(file, arch=arch, arch_args={"width": 6})
    loaded = load_model(file, arch=arch, arch_args={"width": 6}, strict=False)
    assert torch.equal(loaded.model.up.bias, decoder.up.bias)


def test_long_lists_are_shortened_with_their_count(save):
    wide = nn.ModuleList(nn.Linear(1, 1) for _ in range(20))
    file = save({"0.weight": torch.ones(1, 1)})
    with pytest.raises(LoadError, match=r"39 missing: .* and 35 more"):
        load_model(file, arch=lambda: wide)


def test_weights_of_something_else_are_refused_even_when_not_strict(save, arch):
    with pytest.raises(LoadError, match="do not fit the model"):
        load_model(save({"a.weight": torch.ones(1)}), arch=arch, strict=False)


@pytest.mark.parametrize("given", ["net.", "net"])
def test_strip_prefix_removes_the_given_prefix_only(save, decoder, arch, given):
    state = decoder.state_dict()
    both = {f"net.{k}": v for k, v in state.items()} | {f"ema.{k}": 0 * v for k, v in state.items()}
    loaded = load_model(save(both), arch=arch, strip_prefix=given)
    assert torch.equal(loaded.model.up.weight, state["up.weight"])
    with pytest.raises(LoadError, match=r"strip_prefix='gan' begins no name .* net\.body"):
        load_model(save(both), arch=arch, strip_prefix="gan")


def test_a_prefix_that_only_the_model_has_is_added(save, decoder, arch):
    loaded = load_model(save(decoder.state_dict()), arch=lambda: nn.Sequential(arch()))
    assert torch.equal(loaded.model[0].up.weight, decoder.up.weight)
    assert "prefix '0.' added" in loaded.notes


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_weights_that_are_not_finite_are_refused_by_name(save, decoder, arch, value):
    state = decoder.state_dict()
    state["up.weight"][0, 0, 0, 0] = value
    with pytest.raises(LoadError, match=r"1 of 192 values of 'up\.weight' are NaN or infinite"):
        load_model(save(state), arch=arch)
    decoder.load_state_dict(state)
    with pytest.raises(LoadError, match=r"Decoder holds .* of 'up\.weight'"):
        load_model(decoder)


def test_an_infinite_attention_mask_is_no_damage():
    class Masked(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("mask", torch.full((2, 2), -math.inf))

    assert load_model(Masked()).format == "module"


def test_old_batch_norm_without_counter_loads_strictly(save, decoder, arch):
    state = {k: v for k, v in decoder.state_dict().items() if "num_batches" not in k}
    assert torch.equal(load_model(save(state), arch=arch).model.up.weight, decoder.up.weight)


def test_a_model_of_shapes_without_values_is_refused():
    with pytest.raises(LoadError, match=r"no values for 'weight', only its shape"):
        load_model(nn.ConvTranspose2d(3, 3, 4, 2, 1, device="meta"))
