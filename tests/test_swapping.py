"""What a trial of a swap measures, against closed forms and the analysis itself."""

import msgspec
import numpy as np
import pytest
import torch
from safetensors.torch import load
from torch import nn

from spectra import Options
from spectra.errors import ParameterError
from spectra.remedy import Plan, rebuild
from spectra.run import analyze, try_swap


def decoder():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.ReLU(),
        nn.ConvTranspose2d(4, 3, 3, 2, 1, 1),
    ).eval()


@pytest.fixture(scope="module")
def pictures():
    generator = torch.Generator().manual_seed(0)
    rough = torch.rand(16, 3, 40, 40, generator=generator)
    return nn.functional.avg_pool2d(rough, 9, 1)  # 32 x 32


@pytest.fixture(scope="module")
def kept(pictures):
    return try_swap(decoder(), pictures, "lctc7+3")


@pytest.fixture(scope="module")
def sinc(pictures):
    return try_swap(decoder(), pictures, "lctc7", init="sinc")


def test_parameters_and_flops_are_those_of_the_definition(kept):
    conv = 9 * 3 * 4 + 4
    assert kept.before.parameters == conv + 9 * 4 * 3 + 3
    assert kept.after.parameters == conv + 49 * 4 * 3 + 3  # one kernel, one bias
    pixels = 32 * 32
    assert kept.before.flops == 2 * pixels * 9 * 12 * 2
    assert kept.after.flops == 2 * pixels * (9 * 12 + 49 * 12)
    assert kept.after.milliseconds > 0


def test_what_is_kept_changes_nothing(kept):
    assert not kept.changes
    assert kept.steps[0].before.verdict == kept.steps[0].after.verdict
    assert kept.steps[0].after.asr_dbc == pytest.approx(kept.steps[0].before.asr_dbc, abs=1e-3)
    assert (
        "nothing is cured until the model is trained on, or repaired with --repair" in kept.text()
    )


def test_the_difference_is_that_of_the_outputs(sinc, pictures):
    with torch.no_grad():
        old, new = decoder()(pictures).double(), sinc.model(pictures).double()
    span = float(old.max() - old.min())
    assert sinc.max_difference == pytest.approx(float((new - old).abs().max()) / span, rel=1e-5)
    error = float((new - old).square().mean())
    assert sinc.psnr_db == pytest.approx(10 * np.log10(span**2 / error), abs=1e-4)
    assert f"{sinc.psnr_db:.1f} dB PSNR" in sinc.text()


def test_alias_before_and_after_is_what_the_analysis_gives(sinc, pictures):
    before = analyze(decoder(), pictures).summary
    after = analyze(sinc.model, pictures).summary
    (step,) = sinc.steps
    assert step.before.asr_dbc == pytest.approx(before.steps[0].score.asr_dbc)
    assert step.after.asr_dbc == (
        None
        if after.steps[0].score.asr_dbc is None
        else pytest.approx(after.steps[0].score.asr_dbc)
    )
    assert sinc.output_before.verdict == before.output.score.verdict == "present"
    assert sinc.output_after.verdict == after.output.score.verdict


def test_the_sinc_takes_the_grid_of_a_random_kernel_away(sinc):
    assert sinc.output_before.asr_dbc > -10
    assert sinc.output_after.asr_dbc is None or sinc.output_after.asr_dbc < -25


def test_without_inputs_there_is_no_alias():
    trial = try_swap(decoder(), None, "lctc7")
    assert trial.steps[0].before is None
    assert trial.output_after is None
    assert "on a random input" in trial.text()


def test_the_folder_rebuilds_the_new_model(kept, pictures, tmp_path):
    wrote = kept.save(tmp_path / "swapped")
    fresh = rebuild(decoder(), (wrote / "plan.json").read_text())
    fresh.load_state_dict(load((wrote / "model.safetensors").read_bytes()), strict=True)
    assert torch.equal(fresh(pictures), kept.model(pictures))
    with pytest.raises(ParameterError, match="exists already"):
        kept.save(tmp_path / "swapped")
    kept.save(tmp_path / "swapped", force=True)


def test_the_json_holds_the_numbers_and_the_plan(sinc):
    content = msgspec.json.decode(sinc.json())
    assert content["schema"] == "spectra.swap/1"
    assert content["psnr_db"] == sinc.psnr_db
    assert content["steps"][0]["label"] == "2"
    assert msgspec.convert(content["plan"], Plan) == sinc.plan


def test_tied_weights_can_be_saved(tmp_path):
    model = nn.Sequential(nn.ConvTranspose2d(3, 3, 2, 2), nn.ConvTranspose2d(3, 3, 2, 2))
    model[1].weight = model[0].weight
    trial = try_swap(model, None, "lctc7")
    fresh = rebuild(model, trial.plan)
    fresh.load_state_dict(load(trial._weights()), strict=True)
    assert fresh[0].large.weight is fresh[1].large.weight


def test_what_is_left_is_told():
    model = nn.Sequential(nn.ConvTranspose2d(3, 3, 2, 2), nn.UpsamplingBilinear2d(scale_factor=2))
    trial = try_swap(model, None, "lctc7", options=Options())
    assert "Left     1: align_corners=True" in trial.text()
