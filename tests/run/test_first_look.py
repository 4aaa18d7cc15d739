"""Models of one size are given that size, once, and a note says who said so."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional

from spectra import Options
from spectra.capture import discover
from spectra.errors import ModelError
from spectra.follow import LiveBytes
from spectra.gather import batch_size
from spectra.run import analyze, list_steps

PICTURES = torch.rand(2, 3, 40, 40, generator=torch.Generator().manual_seed(0))


class Fixed(nn.Module):
    """Runs on one side only, and says so in the words of a library."""

    def __init__(self, words, *, accepts=lambda side: side == 24, config=None):
        super().__init__()
        self.words, self.accepts = words, accepts
        self.up = nn.ConvTranspose2d(3, 3, 2, stride=2)
        if config is not None:
            self.config = config

    def forward(self, x):
        assert self.accepts(x.shape[-1]), self.words
        return self.up(x)


def sides(model, **options):
    """Return the size of the inputs of the steps that were found."""
    return list_steps(model, PICTURES, options=Options(**options)).input_shape[1:]


@pytest.mark.parametrize(
    "words",
    [
        "Input height (40) doesn't match model (24).",
        "Input image size (40*40) doesn't match model (24*24).",
        "Wrong image height! Expected 24 but got 40!",
    ],
)
def test_the_message_of_a_model_names_the_size(words):
    assert sides(Fixed(words)) == (24, 24)


@pytest.mark.parametrize("size", [24, (24, 24), {"height": 24, "width": 24}])
def test_a_configuration_names_the_size_where_the_message_does_not(size):
    config = SimpleNamespace(image_size=size)
    assert sides(Fixed("sizes of tensors must match", config=config)) == (24, 24)


def test_a_patch_size_becomes_the_multiple():
    words = "Input height (40) should be divisible by patch size (14)."
    assert sides(Fixed(words, accepts=lambda side: side % 14 == 0)) == (28, 28)


def test_a_model_that_runs_keeps_its_inputs_whatever_its_configuration_says():
    config = SimpleNamespace(image_size=24)
    assert sides(Fixed("", accepts=lambda side: True, config=config)) == (40, 40)


def test_a_size_that_was_asked_for_stays_and_the_line_names_the_one_it_takes():
    with pytest.raises(ModelError, match=r"it takes --crop 24, as its own message says, but"):
        sides(Fixed("Input height (32) doesn't match model (24)."), crop=32)


def test_pictures_smaller_than_the_one_size_are_refused_with_it():
    with pytest.raises(ModelError, match=r"it takes --crop 96.*expected at least crop=96"):
        sides(Fixed("Input height (40) doesn't match model (96)."))


def test_tokens_of_a_map_are_told_with_the_line_that_returns_it():
    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.up, self.out = nn.ConvTranspose2d(3, 4, 2, stride=2), nn.Linear(4, 5)
            self.first = nn.Parameter(torch.zeros(1, 1, 4))

        def forward(self, x):
            places = self.up(x).flatten(2).mT
            return self.out(torch.cat([self.first.expand(len(x), -1, -1), places], 1))

    model = Tokens()
    reason = discover(model, PICTURES[:1, :, :16, :24]).reading.reason
    line = "y[:, 1:].mT.unflatten(2, (32, 48))"
    assert line in reason
    y = model(PICTURES[:, :, :16, :24])
    expected = functional.conv2d(
        model.up(PICTURES[:, :, :16, :24]), model.out.weight[..., None, None]
    )
    bias = model.out.bias.view(-1, 1, 1)
    assert torch.allclose(eval(line, {"y": y}), expected + bias, atol=1e-5)


def test_the_peak_of_a_pass_is_what_its_tensors_take_at_once():
    x = torch.zeros(1, 1, 64, 64)  # 16 KiB

    def chain():
        y = x + 1  # 16
        y = torch.cat([y, y])  # 16 + 32; then the first is freed
        z = y[:, :, ::2] + 1  # 32 + 16; a view takes nothing
        return z.relu_()  # in place

    with LiveBytes() as live:
        chain()
    assert live.peak == 48 << 10


def test_attention_counts_in_how_many_inputs_run_at_a_time():
    class Attending(nn.Module):
        def __init__(self):
            super().__init__()
            self.up = nn.ConvTranspose2d(3, 3, 2, stride=2)

        def forward(self, x):
            tokens = x.flatten(2).mT
            attended = (tokens @ tokens.mT).softmax(-1) @ tokens
            return self.up(attended.mT.reshape(x.shape))

    found = discover(Attending(), torch.rand(1, 3, 56, 56))
    table = 4 * 3136**2  # 38 MiB; the product and its softmax are held at once
    assert 2 * table <= found.peak_bytes < 2.2 * table
    assert batch_size(found, None) == 3  # of 75 MiB each
    assert batch_size(found, 7) == 7


def test_running_out_of_memory_names_a_batch_that_fits(monkeypatch):
    from spectra.capture import _forward, forward

    model = nn.ConvTranspose2d(3, 3, 2, stride=2)
    found = discover(model, PICTURES[:1])
    monkeypatch.setattr(_forward, "memory_bytes", lambda: int(3.5 * found.peak_bytes / 0.6))

    def exhausted(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    model.register_forward_pre_hook(exhausted)
    with pytest.raises(ModelError, match=r"one input takes [\d.]+ KiB; try --batch 3$"):
        forward(model, PICTURES.repeat(8, 1, 1, 1), found=found)


def test_the_note_of_a_run_says_who_named_the_size():
    model = Fixed("Input height (40) doesn't match model (24).")
    notes = [finding.text for finding in analyze(model, PICTURES).summary.warnings]
    assert "cropped to 24x24, the one size that it takes, as its own message says" in notes
