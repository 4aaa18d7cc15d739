"""What is shared starts equal, and only what is named differs."""

from dataclasses import replace
from itertools import combinations

import pytest
import torch

from spectra.errors import ParameterError
from spectra.study._evaluate import evaluate
from spectra.study._variants import FOUR, NETWORKS, build

INPUTS = {"sttr": (1, 6, 128, 160), "unet": (1, 3, 96, 96), "vit": (1, 3, 96, 96)}


def parts(network, variant, seed=3):
    return build(network, variant, seed).state_dict()


@pytest.mark.parametrize("network", ["nafnet", "restormer", "unet", "vit", "sttr"])
def test_weights_of_one_name_and_shape_start_equal_to_the_bit(network):
    made = {name: parts(network, name) for name in NETWORKS[network].variants}
    for one, other in combinations(made.values(), 2):
        shared = [k for k in one if k in other and one[k].shape == other[k].shape]
        own = [k for k in shared if k in made["shuffle1"]]
        assert len(own) > 0.6 * len(one)
        assert all(torch.equal(one[k], other[k]) for k in own)


def test_the_control_shares_the_upsampling_of_its_twin():
    twin, control = parts("nafnet", "tc3"), parts("nafnet", "block11")
    assert all(torch.equal(twin[k], control[k]) for k in twin if k.startswith("ups."))
    differing = twin.keys() ^ control.keys()
    assert {k.split(".conv2.")[0] for k in differing} == {"decoders.0.0", "decoders.1.0"}
    assert control["decoders.0.0.conv2.large.weight"].shape == (32, 1, 11, 11)
    assert control["decoders.0.0.conv2.small.weight"].shape == (32, 1, 3, 3)


def test_networks_of_equal_parameters_have_about_as_many():
    counts = {
        name: sum(p.numel() for p in build("nafnet-equal", name, 0).parameters()) for name in FOUR
    }
    assert max(counts.values()) / min(counts.values()) < 1.06


def test_a_sinc_start_is_kept():
    """Random kernels leave what a constant makes of each phase far from equal; a sinc does not."""
    weight = parts("nafnet-sinc", "lctc7")["ups.0.large.weight"].double()
    phases = weight.reshape(*weight.shape[:2], 7, 7)
    sums = torch.stack([phases[..., y::2, x::2].sum((2, 3)) for y in (0, 1) for x in (0, 1)])
    assert sums.std(0).max() < 1e-6 * sums.abs().max()


@pytest.mark.parametrize(
    ("network", "quality"), [("unet", "miou"), ("vit", "miou"), ("sttr", "epe")]
)
def test_a_network_answers_what_its_task_asks(network, quality):
    task = NETWORKS[network].task()
    one = replace(task, test=task.test.only([0]))
    assert quality in evaluate(one, build(network, "shuffle1", 0).eval())


@pytest.mark.parametrize("network", NETWORKS)
def test_every_variant_gives_maps_of_one_shape(network):
    x = torch.rand(INPUTS.get(network.split("-")[0], (1, 3, 32, 32)))
    with torch.no_grad():
        shapes = {build(network, name, 0).eval()(x).shape for name in NETWORKS[network].variants}
    assert len(shapes) == 1


def test_another_seed_starts_elsewhere():
    one, other = parts("nafnet", "lctc7", 0), parts("nafnet", "lctc7", 1)
    assert not torch.equal(one["intro.weight"], other["intro.weight"])
    assert not torch.equal(one["ups.0.large.weight"], other["ups.0.large.weight"])


def test_strange_names_are_refused_with_the_known_ones():
    with pytest.raises(ParameterError, match=r"network='resnet'.*nafnet-grouped"):
        build("resnet", "tc3", 0)
    with pytest.raises(ParameterError, match=r"variant='tc4' of unet.*lctc11"):
        build("unet", "tc4", 0)
