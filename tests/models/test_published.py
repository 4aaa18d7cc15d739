"""Published parameter counts, and the names and shapes in published files."""

from pathlib import Path

import pytest
import torch

from spectra import models
from spectra.load import load_model
from support import published_names as published

GOPRO = ((1, 1, 1, 28), 1, (1, 1, 1, 1))
SIDD = ((2, 2, 4, 8), 12, (2, 2, 2, 2))


def built(name, **options):
    """Return a network without values; STTR is small, and normal values import for 2 s there."""
    with torch.device("cpu" if name.startswith("sttr") else "meta"):
        return getattr(models, name)(**options)


def count(*modules):
    return sum(p.numel() for module in modules for p in module.parameters())


COUNTS = {
    "nafnet_width32": 17_111_907,
    "nafnet_width64": 67_888_835,
    "nafnet_sidd_width32": 29_159_715,
    "nafnet_sidd_width64": 115_982_915,
    "nafnet_small": 19_899,
    "baseline_width32": 17_023_875,
    "baseline_width64": 67_712_771,
    "restormer": 26_126_644,
    "restormer_denoising": 26_111_668,
    "restormer_dual_pixel": 26_132_548,
    "restormer_small": 208_225,
    "sttr_light": 2_333_347,
}


@pytest.mark.parametrize(("name", "parameters"), COUNTS.items())
def test_a_network_has_as_many_parameters_as_were_published(name, parameters):
    assert count(built(name)) == parameters


def test_the_page_names_every_network_and_its_count():
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    factories = [name for name in models.__all__ if name.islower()]
    assert [name for name in factories if f"`{name}`" not in page] == []
    assert [name for name, count in COUNTS.items() if f"{count:,}" not in page] == []


def test_restormer_for_grey_pictures_has_its_own_count():
    assert count(built("restormer_denoising", channels=1)) == 26_109_076


def test_the_parts_of_sttr_light_have_their_published_counts():
    net = built("sttr_light")
    parts = (net.backbone, net.tokenizer, net.transformer, net.regression_head)
    assert [count(part) for part in parts] == [1_050_800, 323_264, 797_440, 161_843]


@pytest.mark.parametrize(("name", "n"), [("resnet50", 23_508_032), ("convnext_tiny", 27_818_592)])
def test_an_encoder_has_the_parameters_of_timm_without_its_classifier(name, n):
    assert count(built(f"unet_{name}").encoder) == n


@pytest.mark.parametrize(
    ("upsampler", "parameters"),
    [
        ("published", 9_474_432),
        ("tc2", 9_474_432),
        ("tc3", 7_938_240),
        ("lctc7", 7_992_000),
        ("lctc7+3", 8_004_768),
        ("lctc11", 8_088_768),
        ("lctc11+3", 8_101_536),
    ],
)
def test_the_decoder_of_the_paper_has_its_count_with_every_upsampler(upsampler, parameters):
    net = built("unet_convnext_tiny", upsampler=upsampler)
    assert count(net) - count(net.encoder, net.last) == parameters
    assert count(net.last) == 168_117


@pytest.mark.parametrize(
    ("name", "path", "upsampler", "parameters"),
    [
        ("restormer", "up4_3 up3_2 up2_1", "published", 3_483_648),
        ("restormer", "up4_3 up3_2 up2_1", "lctc7+3", 39_648),
        ("restormer", "up4_3 up3_2 up2_1", "lctc11+3", 88_032),
        ("restormer", "up4_3 up3_2 up2_1", "lctc31+5", 663_264),
        ("nafnet_width32", "ups", "published", 696_320),
        ("nafnet_width32", "ups", "lctc7+3", 56_640),
        ("nafnet_width32", "ups", "lctc11+3", 125_760),
        ("sttr_light", "tokenizer.up", "published", 73_856),
        ("sttr_light", "tokenizer.up", "lctc7", 6_400),
        ("sttr_light", "tokenizer.up", "lctc11", 15_616),
    ],
)
def test_upsampling_layers_have_the_counts_of_the_paper_s_code(name, path, upsampler, parameters):
    net = built(name, upsampler=upsampler)
    assert count(*map(net.get_submodule, path.split())) == parameters


@pytest.mark.parametrize(
    ("name", "options", "names"),
    [
        ("nafnet_width32", {}, published.nafnet(32, *GOPRO)),
        ("nafnet_sidd_width64", {}, published.nafnet(64, *SIDD)),
        ("baseline_width32", {}, published.nafnet(32, *GOPRO, baseline=True)),
        ("restormer", {}, published.restormer()),
        ("restormer_denoising", {}, published.restormer(bias=False)),
        (
            "restormer_denoising",
            {"channels": 1},
            published.restormer(inputs=1, outputs=1, bias=False),
        ),
        ("restormer_dual_pixel", {}, published.restormer(inputs=6)),
        ("sttr_light", {}, published.sttr_light()),
    ],
)
def test_weights_have_the_names_and_shapes_of_published_files(name, options, names):
    own = {key: tuple(value.shape) for key, value in built(name, **options).state_dict().items()}
    assert own == names


def random_weights(names, generator):
    integers = {"num_batches_tracked": torch.tensor(3)}
    return {
        name: integers.get(name.rpartition(".")[2], torch.rand(shape, generator=generator))
        for name, shape in names.items()
    }


@pytest.mark.parametrize(
    ("arch", "arguments", "around", "names"),
    [
        (
            "NAFNet",
            {"width": 4, "encoder_blocks": [1, 2], "decoder_blocks": [1, 1]},
            lambda weights: {"params": weights},
            published.nafnet(4, (1, 2), 1, (1, 1)),
        ),
        (
            "Restormer",
            {"width": 8, "blocks": [1, 1, 1, 1], "refinement": 1},
            lambda weights: {"params": weights},
            published.restormer(8, blocks=(1, 1, 1, 1), refinement=1),
        ),
        (
            "STTR",
            {"width": 2, "layers": 1},
            lambda weights: {
                "epoch": 14,
                "state_dict": weights,
                "optimizer": {"state": {}, "param_groups": []},
                "lr_scheduler": {"gamma": 0.99},
                "best_pred": 0.5,
            },
            published.sttr_light(2, layers=1),
        ),
    ],
)
def test_a_file_of_the_published_layout_loads_strictly(
    tmp_path, generator, arch, arguments, around, names
):
    weights = random_weights(names, generator)
    torch.save(around(weights), tmp_path / "weights.pth")
    loaded = load_model(
        tmp_path / "weights.pth", arch=f"spectra.models:{arch}", arch_args=arguments
    )
    assert loaded.model.state_dict().keys() == weights.keys()
    for name, value in loaded.model.state_dict().items():
        assert torch.equal(value, weights[name]), name
