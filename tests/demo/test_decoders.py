import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from spectra import demo
from spectra.capture import discover
from spectra.demo._photographs import HELD_OUT, TRAINING
from spectra.demo.train import psnr, train

DECODERS = ("small", "lctc", "lctc_sinc")
PSNR = {"small": 30.90, "lctc": 30.38, "lctc_sinc": 31.23}


def trained(name):
    decoder = getattr(demo, name)()
    decoder.load_state_dict(load_file(demo.weights(name)))
    return decoder.eval()


@pytest.mark.parametrize("name", DECODERS)
def test_the_shipped_weights_reach_the_psnr_of_the_model_card(name):
    assert np.mean(list(psnr(trained(name)).values())) == pytest.approx(PSNR[name], abs=0.01)


@pytest.mark.parametrize("name", DECODERS)
def test_the_model_card_states_that_psnr(name):
    card = demo.weights(name).with_name("MODEL_CARD.md").read_text()
    (row,) = (
        line for line in card.splitlines() if line.startswith(f"| `{name}` |") and "dB" in line
    )
    assert f"{PSNR[name]:.2f} dB" in row


def test_the_weights_together_stay_under_300_kb():
    assert sum(demo.weights(name).stat().st_size for name in DECODERS) < 300_000


def test_training_with_one_seed_twice_gives_the_same_weights():
    first, again = (train("small", steps=3).state_dict() for _ in range(2))
    assert all(torch.equal(first[key], again[key]) for key in first)


@pytest.mark.parametrize("name", DECODERS)
def test_a_decoder_enlarges_four_fold_in_two_steps_without_a_way_round_them(name):
    decoder = getattr(demo, name)()
    assert decoder(torch.zeros(1, 3, 5, 7)).shape == (1, 3, 20, 28)
    torch.nn.init.zeros_(decoder.output.weight)
    torch.nn.init.zeros_(decoder.output.bias)
    assert not decoder(torch.rand(1, 3, 5, 7)).any()


def test_an_upsampling_step_started_from_sinc_keeps_a_constant_map_constant():
    step = demo.lctc_sinc().up1
    interior = step(torch.ones(1, 16, 16, 16)).detach()[..., 8:-8, 8:-8]
    assert interior.std(dim=(-2, -1)).max() < 1e-6


def test_a_randomly_started_step_does_not():
    torch.manual_seed(0)
    step = demo.lctc().up1
    interior = step(torch.ones(1, 16, 16, 16)).detach()[..., 8:-8, 8:-8]
    assert interior.std(dim=(-2, -1)).min() > 1e-3


@pytest.mark.parametrize("name", ["lctc", "lctc_sinc"])
def test_parallel_kernels_are_one_step_a_doubling(name):
    steps = discover(getattr(demo, name)(), torch.zeros(1, 3, 16, 16)).steps
    assert [(s.label, s.kind, s.kernel_size) for s in steps] == [
        ("up1", "transposed_conv", (7, 7)),
        ("up2", "transposed_conv", (7, 7)),
    ]


def test_a_training_picture_is_not_shown():
    assert not set(TRAINING) & set(HELD_OUT)


def test_the_grid_of_the_small_decoder_shrinks_with_context_and_sinc_start():
    """Alias line by the definition: distance of the period-4 mean pattern from its own mean."""
    shown = torch.from_numpy(demo.photographs()[::3])
    grid = []
    for name in DECODERS:
        with torch.no_grad():
            output = trained(name)(shown)[..., 32:-32, 32:-32]
        pattern = output.reshape(len(shown), 3, 48, 4, 48, 4).mean((2, 4))
        residual = pattern - pattern.mean((-2, -1), keepdim=True)
        grid.append(float(residual.square().mean((1, 2, 3)).sqrt().median()))
    small, lctc, lctc_sinc = grid
    assert small > 1.3 * lctc
    assert lctc > 1.3 * lctc_sinc
