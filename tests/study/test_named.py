"""Networks by name, and encoders that begin with published weights."""

import pytest
import torch
from safetensors.torch import save_file

from spectra.data import restoration_photographs, textured_regions
from spectra.errors import LoadError, ParameterError
from spectra.models import unet_small
from spectra.study import Training, segmentation, train
from spectra.study._named import network_by_name
from spectra.study._sets import reduced, spread

UNET = "spectra.models:unet_small"


@pytest.fixture
def weights(tmp_path):
    """Return a file with the weights of an encoder, and with a classifier that is left out."""
    torch.manual_seed(5)
    held = {name: value.contiguous() for name, value in unet_small().encoder.state_dict().items()}
    held["fc.weight"] = torch.ones(10, 4)
    save_file(held, tmp_path / "resnet18.safetensors")
    return tmp_path / "resnet18.safetensors", held


def test_an_encoder_begins_with_the_weights_of_a_file_and_nothing_else_does(weights):
    path, held = weights
    torch.manual_seed(0)
    plain = network_by_name(UNET, {}, classes=3)()
    torch.manual_seed(0)
    begun = network_by_name(UNET, {}, classes=3, encoder=path)()
    for name, value in begun.state_dict().items():
        part = name.removeprefix("encoder.")
        expected = held[part] if name.startswith("encoder.") else plain.state_dict()[name]
        assert torch.equal(value, expected), name


def test_a_training_remembers_what_its_encoder_began_with(tmp_path, weights, monkeypatch):
    monkeypatch.setattr("spectra.study._train.draw_curve", lambda part, rows, **_: part.touch())
    regions = textured_regions("train", count=2, size=32)
    task, short = segmentation(regions, regions), Training(steps=1, batch=2)
    network = network_by_name(UNET, {}, classes=4, encoder=weights[0])
    assert list(network.notes) == ["encoder"]
    assert network.notes["encoder"].startswith("resnet18.safetensors ")
    train(task, network, tmp_path / "out", training=short, notes=network.notes)
    other = network_by_name(UNET, {}, classes=4)
    with pytest.raises(ParameterError, match=r"with encoder='resnet18.*', here encoder=None"):
        train(task, other, tmp_path / "out", training=short, notes=other.notes)


@pytest.mark.parametrize(
    ("spec", "held", "said"),
    [
        ("spectra.models:nafnet_small", {"a": torch.ones(1)}, "NAFNet has no encoder to begin"),
        (UNET, {"a": torch.ones(1)}, r"has no weights conv1\.weight, .*: expected those of ResNet"),
        (UNET, None, "does not fit the encoder"),
    ],
)
def test_weights_that_do_not_fit_are_refused_in_one_line(tmp_path, weights, spec, held, said):
    if held is None:
        held = {**weights[1], "conv1.weight": torch.ones(1, 1, 1, 1)}
    save_file(held, tmp_path / "other.safetensors")
    network = network_by_name(spec, {}, classes=3, encoder=tmp_path / "other.safetensors")
    with pytest.raises(LoadError, match=said) as caught:
        network()
    assert "\n" not in str(caught.value)


def test_reduced_pictures_are_means_of_whole_blocks():
    whole = restoration_photographs("test")[0]
    small = reduced(restoration_photographs("test"), 3)[0]
    _, height, width = whole.input.shape
    assert small.input.shape == (3, height // 3, width // 3)
    assert small.mask.shape == small.occluded.shape == small.input.shape[1:]
    block = whole.target[:, 6:9, 30:33].mean((1, 2))
    torch.testing.assert_close(small.target[:, 2, 10], block)
    assert reduced(restoration_photographs("test"), 1)[0].input.equal(whole.input)
    with pytest.raises(ParameterError, match="labels and disparities have no mean"):
        reduced(textured_regions(), 2)


def test_a_spread_part_is_even_and_no_larger_than_the_whole():
    regions = textured_regions(count=10, size=16)
    assert [sample.name for sample in spread(regions, 4)] == [f"test-{n}" for n in (0, 2, 5, 7)]
    assert spread(regions, 10) is regions
    assert spread(regions, None) is regions
