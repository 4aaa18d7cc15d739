"""A repair is judged on inputs it did not see, and is no success below 40 dB."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
import torch
from torch import nn

from spectra import Options, swap
from spectra.errors import ParameterError
from spectra.inputs import open_inputs
from spectra.repair import judge, repair, split
from spectra.repair._locked import LockedPart
from spectra.run import try_swap
from support.layouts import Wrapped


def decoder(gain=1.2):
    """Return bilinear upsampling of three channels whose even columns are too loud."""
    taps = torch.tensor([0.25, 0.75, 0.75, 0.25])
    net = nn.ConvTranspose2d(3, 3, 4, 2, 1, groups=3)
    net.weight.data[:] = torch.outer(taps, taps)
    net.weight.data[..., 1::2] *= gain
    net.bias.data[:] = 0
    return nn.Sequential(net).eval()


@pytest.fixture(scope="module")
def pictures():
    generator = torch.Generator().manual_seed(0)
    rough = torch.rand(32, 3, 40, 40, generator=generator)
    return nn.functional.avg_pool2d(rough, 9, 1)


@pytest.fixture(scope="module")
def trial(pictures):
    return try_swap(decoder(), pictures, "lctc7", repair=15)


def test_every_second_input_is_held_out(pictures):
    learned, held_out = split(open_inputs(pictures[:7]))
    assert (learned.used, held_out.used) == (4, 3)
    assert torch.equal(torch.cat(list(learned.batches(2))), pictures[:7:2])
    assert torch.equal(torch.cat(list(held_out.batches(2))), pictures[1:7:2])


@pytest.mark.parametrize("count", [0, 3])
def test_too_few_inputs_are_refused_with_the_number_needed(pictures, count):
    inputs = pictures[:count] if count else None
    with pytest.raises(ParameterError, match=f"at least 4 inputs.*got {count}"):
        try_swap(decoder(), inputs, "lctc7", repair=2)


def test_the_fidelities_are_those_of_the_outputs_held_out(trial, pictures):
    with torch.no_grad():
        seen = decoder()(pictures[::2])
        old, new = decoder()(pictures[1::2]), trial.model(pictures[1::2])
    cleaned = old - LockedPart(seen, (2, 2))(old)
    span = float(old.max() - old.min())

    def psnr(a, b):
        return 10 * np.log10(span**2 / float((a.double() - b.double()).square().mean()))

    repair = trial.repair
    assert (repair.inputs, repair.held_out, trial.used) == (16, 16, 16)
    assert repair.psnr_db == pytest.approx(psnr(new, old), abs=0.01)
    assert repair.cleaned_psnr_db == pytest.approx(psnr(new, cleaned), abs=0.01)
    assert repair.grid_psnr_db == pytest.approx(psnr(cleaned, old), abs=0.01)


def test_a_grid_of_unequal_gains_is_repaired(trial):
    repair = trial.repair
    assert repair.success
    assert repair.failures == ()
    assert repair.change_db < -10
    assert trial.output_after.asr_dbc is None or (
        trial.output_after.asr_dbc < trial.output_before.asr_dbc - 10
    )
    text = trial.text()
    assert "Success  yes" in text
    assert "that the repair did not see" in text


def judged(net, pictures, *, init="keep", passes=1):
    swapped, plan = swap(net, "lctc7", init=init)
    learned, held_out = split(open_inputs(pictures))
    inputs = torch.cat(list(learned.batches(8)))
    return judge(net, repair(net, swapped, plan, inputs, passes=passes), held_out)


def test_below_40_db_it_is_no_success(pictures):
    """A random start that has no time to learn the output."""
    torch.manual_seed(0)
    repair = judged(decoder(), pictures, init="default")
    assert repair.cleaned_psnr_db < 40
    assert not repair.success
    assert "40 dB needed" in repair.failures[0]


def test_without_a_fall_of_the_alias_it_is_no_success(pictures):
    repair = judged(decoder(gain=1.0), pictures[:12])  # too few blocks to tell
    assert repair.cleaned_psnr_db > 40
    assert not repair.success
    assert repair.failures == ("the output has no alias beyond its uncertainty to begin with",)


def test_the_json_holds_the_repair(trial):
    content = msgspec.json.decode(trial.json())["repair"]
    assert content["success"] is True
    assert content["change_upper_db"] == pytest.approx(trial.repair.change_upper_db)
    assert set(content) == {
        "passes",
        "inputs",
        "held_out",
        "seconds",
        "psnr_db",
        "cleaned_psnr_db",
        "grid_psnr_db",
        "change_db",
        "change_ci95_db",
        "change_upper_db",
        "success",
        "failures",
    }


def test_without_a_repair_there_is_none():
    assert try_swap(decoder(), None, "lctc7", options=Options()).repair is None


def test_a_repair_is_the_same_for_an_output_in_another_layout(pictures):
    def arranged(y):
        return {"features": y[..., :8, :8], "image": y.movedim(1, -1)}

    models = [Wrapped(decoder(), lambda y: y), Wrapped(decoder(), arranged)]
    one, other = (try_swap(m, pictures[:10], "lctc7", init="sinc", repair=2) for m in models)
    assert other.repair == replace(one.repair, seconds=other.repair.seconds)
    assert (other.psnr_db, other.max_difference) == (one.psnr_db, one.max_difference)


def test_an_output_without_a_map_cannot_be_repaired(pictures):
    model = Wrapped(decoder(), lambda y: y.mean((2, 3)))
    assert not try_swap(model, pictures[:4], "lctc7").changes
    with pytest.raises(ParameterError, match="no map, so it has no grid"):
        try_swap(model, pictures[:4], "lctc7", repair=2)


@pytest.mark.parametrize("alone", [True, False])
def test_frames_that_are_samples_are_repaired_beside_their_own_aim(pictures, alone):
    """Three inputs of two frames, in batches of two and one, or one at a time."""
    videos = pictures[:6].unflatten(0, (3, 2)).transpose(1, 2)

    class Frames(nn.Module):
        def __init__(self):
            super().__init__()
            self.plain = decoder()

        def forward(self, x):
            frames = self.plain(x.transpose(1, 2).flatten(0, 1))
            return frames if alone else frames.unflatten(0, (len(x), 2))

    swapped, plan = swap(Frames(), "lctc7", example=videos[:1])
    done = repair(Frames(), swapped, plan, videos, passes=3, batch=2)
    assert done.loss[1] < done.loss[0]
