"""The whole path on published decoders, on smaller crops than benchmarks/real_decoders.py."""

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from skimage.io import imread, imsave
from torch import nn

import spectra
from spectra import Options
from spectra.capture import discover
from support.realdata import DECODERS

# A crop of the inputs that a slow decoder gets, and the verdicts that are no surprise.
CROPS = {
    "fsrcnn_x2": 48,
    "lapsrn_x4": 16,
    "waifu2x_scale2x": 40,
    "waifu2x_noise1_scale2x": 40,
    "faststyle_wave": 64,
    "faststyle_udnie": 72,
    "carn_m_x2": 32,
    "carn_m_x3": 24,
    "carn_m_x4": 20,
    "taef2_decoder": 12,
    "taef2_autoencoder": 64,
    "lwnet_wnet_drive": 96,
}
GRIDS = {"faststyle_wave", "face_dcgan", "phasenet_1d", "fsrcnn_x4", "espcn_x4"}
QUICK = {"fsrcnn_x2", "espcn_x3", "phasenet_1d"}  # a large kernel, a shuffle, one axis
UPSAMPLING = [
    pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)
    for name, decoder in DECODERS.items()
    if decoder.steps
]


@pytest.mark.parametrize("name", UPSAMPLING)
def test_every_step_is_found_and_scored(name, data_dir):
    decoder = DECODERS[name]
    inputs = torch.from_numpy(decoder.inputs(data_dir))
    result = spectra.analyze(
        decoder.load(data_dir),
        inputs,
        options=Options(num=16, crop=CROPS.get(name)),
    )
    rows = result.summary.steps
    assert [(r.name, r.kind, r.factor) for r in rows] == [tuple(step) for step in decoder.steps]
    assert all(row.score.asr_dbc is not None or row.score.reason for row in rows)
    # No published decoder's upsampling is ideal at its own maps, whatever reaches the output.
    assert any(row.score.verdict in ("present", "suspect") for row in rows)
    assert (result.worst is None) == (
        result.summary.blame.standing not in ("step", "only", "not measured")
    )
    assert not result.summary.unexplained_growth
    if name in GRIDS:  # of faces in one pose 16 are too few to be sure of theirs
        score = result.summary.output.score
        assert result.verdict == "present" or (score.content_share and score.whole_p <= 0.001)


def test_the_lone_encoder_ends_with_exit_code_4(data_dir, tmp_path):
    from spectra_cli.main import main

    decoder = DECODERS["taef2_encoder"]
    np.save(tmp_path / "pictures.npy", decoder.inputs(data_dir)[:1])
    command = decoder.command(data_dir, tmp_path / "pictures.npy")
    result = CliRunner().invoke(main, ["analyze", *command, "--out", str(tmp_path / "out")])
    assert result.exit_code == 4
    assert "no upsampling step" in result.output
    assert not (tmp_path / "out").exists()


class Passing(nn.Module):
    """Hands pictures on; an upsampling step is there, but what it makes is not heard."""

    def forward(self, x):
        small = nn.functional.avg_pool2d(x, 2)
        return x + 1e-9 * nn.functional.interpolate(small, scale_factor=2, mode="bilinear")


def test_kodaks_own_checkerboard_stands_in_the_control_row_and_not_in_the_verdict(
    data_dir, tmp_path
):
    """Forty-eight native crops. The checkerboard is in the chroma; luma has none."""
    for number in range(1, 13):
        picture = imread(data_dir / "images" / "kodak" / f"kodim{number:02d}.png")
        for place, (y, x) in enumerate([(64, 0), (64, 128), (224, 0), (224, 128)]):
            crop = picture[y : y + 128, x : x + 128]
            imsave(tmp_path / f"{number:02d}_{place}.png", crop, check_contrast=False)
    result = spectra.analyze(Passing(), tmp_path)
    control = result.data["input"]
    corner = (np.abs(control["frequency"]) == 0.5).all("axis").to_numpy()
    assert result.summary.input.score.verdict == "present"
    assert control["p"].to_numpy()[corner] <= 0.001
    assert control["prominence_db"].to_numpy()[corner] > 15
    assert (0.5, 0.5) in result.summary.output.inherited
    assert result.verdict != "present"
    gray = spectra.analyze(Passing(), tmp_path, options=Options(gray=True))
    assert gray.summary.input.score.verdict == "none"
    assert abs(gray.data["input"]["prominence_db"].to_numpy()[corner]) < 3


def test_discovery_takes_no_more_than_the_steps_of_both_scales_of_carn(data_dir):
    """One file holds three up-scalers; only the one in use has steps."""
    for name in ("carn_m_x2", "carn_m_x3", "carn_m_x4"):
        decoder = DECODERS[name]
        example = torch.from_numpy(decoder.inputs(data_dir)[:1, :, :16, :16])
        found = discover(decoder.load(data_dir), example)
        assert [step.name for step in found.steps] == [step.name for step in decoder.steps]
