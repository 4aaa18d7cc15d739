"""What bare weights tell of the upsampling kernels that they hold."""

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parametrizations

from spectra.weights import kernels_of_model, kernels_of_weights
from spectra.weights._resolved import resolved


def certainties(module):
    reading = kernels_of_weights(module.state_dict())
    return {one.name: one.certainty for one in reading.kernels}, set(reading.ambiguous)


def test_a_bias_tells_transposed_from_plain():
    module = nn.ModuleDict(
        {
            "up": nn.ConvTranspose2d(8, 4, 4, 2),
            "conv": nn.Conv2d(8, 4, 3),
            "grouped": nn.ConvTranspose2d(8, 4, 3, 2, groups=4),
            "square": nn.ConvTranspose2d(4, 4, 4, 2),
            "same": nn.Conv2d(4, 4, 3),
            "pointwise": nn.Conv2d(8, 8, 1),
        }
    )
    found, unclear = certainties(module)
    assert found == {"up": "certain", "grouped": "certain"}
    assert unclear == {"square", "same"}


def test_the_groups_of_a_grouped_kernel_follow_from_its_bias():
    layer = nn.ConvTranspose2d(8, 4, 3, 2, padding=1, output_padding=1, groups=4)
    (found,) = kernels_of_weights({"weight": layer.weight, "bias": layer.bias}).kernels
    assert found.kernel.groups == 4
    np.testing.assert_array_equal(
        found.kernel.taps, kernels_of_model(nn.Sequential(layer))[0].kernel.taps
    )


def test_a_normalisation_or_a_name_makes_it_likely():
    module = nn.Sequential(
        nn.ConvTranspose2d(8, 4, 4, 2, bias=False),
        nn.BatchNorm2d(4),
        nn.Conv2d(8, 4, 3, bias=False),
        nn.BatchNorm2d(4),
    )
    assert certainties(module) == ({"0": "likely"}, set())
    named = nn.ModuleDict({"deconv": nn.ConvTranspose2d(4, 4, 4, 2), "conv": nn.Conv2d(4, 4, 4)})
    assert certainties(named) == ({"deconv": "likely"}, {"conv"})


def named(**sizes):
    """Return square weights without biases, of these names and sizes."""
    return {f"{name}.weight": torch.ones(8, 8, k, k) for name, k in sizes.items()}


def test_the_name_of_a_parent_tells_only_of_what_is_even_beside_the_odd():
    sizes = {f"convt_F1.0.cov_block.{n}": 3 for n in range(0, 20, 2)}
    deep = {"convt_I1": 4, "convt_R1": 3, **sizes, "convt_F1.0.cov_block.20": 4}
    reading = kernels_of_weights(named(**deep))
    assert {one.name for one in reading.kernels} == {"convt_I1", "convt_F1.0.cov_block.20"}
    assert set(reading.ambiguous) == {"convt_R1", *sizes}
    own = kernels_of_weights(named(**{"deconv": 9, "upconv.body.0": 3}))
    assert [one.name for one in own.kernels] == ["deconv"]


def test_options_that_cannot_fit_are_not_suggested():
    espcn = nn.ModuleDict(
        {"conv1": nn.Conv2d(1, 64, 5), "conv2": nn.Conv2d(64, 32, 3), "conv3": nn.Conv2d(32, 4, 3)}
    )
    reading = kernels_of_weights(espcn.state_dict())
    assert reading.hints == ("--shuffle conv3=2",)
    same = kernels_of_weights(named(first=3, second=3, third=3))
    assert same.hints[0] == "--stride third=2"


def test_a_stride_of_1_leaves_a_weight_out():
    weights = named(deconv=4, deconv2=4, conv=3)
    reading = kernels_of_weights(weights, strides={"deconv2": (1,), "conv": (1,)})
    assert [one.name for one in reading.kernels] == ["deconv"]
    assert reading.ambiguous == reading.hints == ()


def test_a_spectral_norm_tells_by_its_vector():
    module = nn.Sequential(
        parametrizations.spectral_norm(nn.ConvTranspose2d(8, 4, 4, 2, bias=False)),
        parametrizations.spectral_norm(nn.Conv2d(8, 4, 4, bias=False)),
    )
    assert certainties(module) == ({"0": "certain"}, set())


def test_an_unknown_parametrization_is_noted():
    layer = nn.ConvTranspose2d(4, 2, 4, 2)
    nn.utils.parametrize.register_parametrization(layer, "weight", nn.Identity())
    weights, notes = resolved(layer.state_dict())
    assert "weight" in weights
    assert notes == ("weight: its parametrization is not known, left out",)
