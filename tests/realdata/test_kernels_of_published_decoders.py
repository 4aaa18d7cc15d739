"""What published checkpoints say without a model, and how far kernels predict what is measured."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

import spectra
from spectra import kernel
from spectra.errors import NothingToAnalyseError
from spectra.weights import kernels_of_model
from support.realdata import DECODERS

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "real_kernels.py"
TOLD = {  # checkpoint -> names of the weights that tell they are transposed, and how surely
    "fsrcnn_x2": {"deconv": "certain"},
    "waifu2x_upconv7_photo_scale2x": {"deconv": "certain"},
    "face_dcgan": {
        "generator_deconv.0.0": "likely",
        "generator_deconv.2.0": "likely",
        "generator_deconv.3.0": "likely",
        "generator_deconv.4.0": "certain",
    },
    "lwnet_wnet_drive": {
        f"unet{u}.up_path.{p}.up_layer.block.0": "certain" for u in (1, 2) for p in (0, 1)
    },
}


@pytest.mark.parametrize("name", TOLD)
def test_weights_without_a_model_tell_what_they_can(data_dir, name):
    table = spectra.measure_kernels(data_dir / "checkpoints" / f"{name}.pth")
    assert {row.name: row.certainty for row in table.layers} == TOLD[name]


@pytest.mark.parametrize("name", ["carn_m", "faststyle_wave", "phasenet_1d"])
def test_weights_that_do_not_tell_are_not_guessed(data_dir, name):
    with pytest.raises(NothingToAnalyseError, match="do not tell which of them upsample"):
        spectra.measure_kernels(data_dir / "checkpoints" / f"{name}.pth")


@pytest.mark.parametrize("name", ["fsrcnn_x2", "lwnet_wnet_drive", "face_dcgan"])
def test_nothing_is_told_to_be_transposed_that_is_not(data_dir, name):
    decoder = DECODERS[name]
    own = {
        name
        for name, module in decoder.load(data_dir).named_modules()
        if isinstance(module, torch.nn.ConvTranspose2d)
    }
    table = spectra.measure_kernels(data_dir / "checkpoints" / f"{name}.pth")
    assert {row.name for row in table.layers} <= own
    assert own <= {row.name for row in table.layers} | set(table.ambiguous)


def test_the_kernel_of_a_known_checkerboard_is_uneven(data_dir):
    path = data_dir / "checkpoints" / "faststyle_wave.pth"
    table = spectra.measure_kernels(path, strides={"up.*": (2,)})
    assert [row.name for row in table.layers] == ["up.0", "up.1"]
    for row in table.layers:
        assert row.measures.phase_imbalance > 0.2
        assert row.measures.line_gain_db > 0
        assert row.measures.rejection_db < row.measures.rejection_nearest_db - 12


def test_an_interpolation_that_training_kept_is_still_one(data_dir):
    """LapSRN's image path: one channel, started as bilinear."""
    kernels = kernels_of_model(DECODERS["lapsrn_x4"].load(data_dir))
    (image,) = [one for one in kernels if one.name == "convt_I2"]
    found = kernel.measure(image.kernel)
    np.testing.assert_allclose(found.rejection_db, found.rejection_bilinear_db, atol=1)
    assert found.line_gain_db < -80
    np.testing.assert_allclose(np.abs(found.sub_pixel_phase), 0.5, atol=0.02)


@pytest.mark.slow
def test_kernel_and_cross_spectrum_predict_the_measured_alias(data_dir):
    """And the covariance of the channels alone does not: it is another at every frequency."""
    spec = importlib.util.spec_from_file_location("real_kernels", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    decoder = DECODERS["fsrcnn_x2"]
    model, inputs = decoder.load(data_dir), torch.from_numpy(decoder.inputs(data_dir))
    (deconv,) = kernels_of_model(model)
    fed = module.fed("deconv", deconv.kernel, model, inputs)
    options = spectra.Options(blame=False)
    (step,) = spectra.analyze(model, inputs, options=options).summary.steps
    exact = module.predicted_from_blocks(deconv.kernel, fed)
    covariance, spectrum = module.covariance_of(fed)
    rough = module.predicted_from_covariance(deconv.kernel, covariance, spectrum, fed.mean)
    np.testing.assert_allclose(exact, step.score.asr_dbc, atol=0.5)
    assert rough > step.score.asr_dbc + 5
