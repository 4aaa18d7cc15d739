"""From models and bare weights to their upsampling kernels."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from spectra import kernel, measure_kernels
from spectra._layers import layers_of_model, layers_of_weights, resolved
from spectra.errors import LoadError, NothingToAnalyseError, ParameterError
from spectra.probe import equivalent_kernel
from spectra.report import render_kernels


def saved(module, path):
    torch.save(module.state_dict(), path)
    return path


def certainties(module):
    reading = layers_of_weights(module.state_dict())
    return {layer.name: layer.certainty for layer in reading.layers}, set(reading.ambiguous)


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
    (found,) = layers_of_weights({"weight": layer.weight, "bias": layer.bias}).layers
    assert found.kernel.groups == 4
    np.testing.assert_array_equal(
        found.kernel.taps, layers_of_model(nn.Sequential(layer))[0].kernel.taps
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
    reading = layers_of_weights(named(**deep))
    assert {layer.name for layer in reading.layers} == {"convt_I1", "convt_F1.0.cov_block.20"}
    assert set(reading.ambiguous) == {"convt_R1", *sizes}
    own = layers_of_weights(named(**{"deconv": 9, "upconv.body.0": 3}))
    assert [layer.name for layer in own.layers] == ["deconv"]


def test_options_that_cannot_fit_are_not_suggested():
    espcn = nn.ModuleDict(
        {"conv1": nn.Conv2d(1, 64, 5), "conv2": nn.Conv2d(64, 32, 3), "conv3": nn.Conv2d(32, 4, 3)}
    )
    reading = layers_of_weights(espcn.state_dict())
    assert reading.hints == ("--shuffle conv3=2",)
    same = layers_of_weights(named(first=3, second=3, third=3))
    assert same.hints[0] == "--stride third=2"


def test_a_stride_of_1_leaves_a_weight_out():
    weights = named(deconv=4, deconv2=4, conv=3)
    reading = layers_of_weights(weights, strides={"deconv2": (1,), "conv": (1,)})
    assert [layer.name for layer in reading.layers] == ["deconv"]
    assert reading.ambiguous == reading.hints == ()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("traced", [False, True])
def test_a_program_knows_its_strides(traced, tmp_path):
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ConvTranspose2d(8, 8, 5, 3, padding=1), nn.Conv2d(8, 8, 3)
    )
    example = torch.zeros(1, 3, 8, 8)
    program = torch.jit.trace(model, example) if traced else torch.jit.script(model)
    torch.jit.save(program, tmp_path / "net.pt")
    expected = measure_kernels(model).layers
    for source in (tmp_path / "net.pt", program):
        table = measure_kernels(source, trust=True)
        (row,) = table.layers
        assert (row.name, row.certainty, row.stride, row.padding) == ("1", "module", (3, 3), (1, 1))
        assert row.measures == expected[0].measures
        assert table.ambiguous == ()


def test_steps_in_the_code_of_a_model_are_pointed_at():
    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3)

        def forward(self, x):
            return nn.functional.interpolate(self.conv(x), scale_factor=2)

    with pytest.raises(NothingToAnalyseError, match=r"\(nearest in .*--list"):
        measure_kernels(Functional())


def test_a_state_dict_is_read_like_a_file_of_it(tmp_path):
    module = nn.Sequential(nn.ConvTranspose2d(8, 3, 4, 2, padding=1))
    table = measure_kernels(module.state_dict())
    assert table.layers == measure_kernels(saved(module, tmp_path / "net.pth")).layers
    assert repr(table) == render_kernels(table)
    with pytest.raises(ParameterError, match=r"source\['a'\] is no tensor: expected"):
        measure_kernels({"a": 1})


def test_a_spectral_norm_tells_by_its_vector():
    module = nn.Sequential(
        parametrizations.spectral_norm(nn.ConvTranspose2d(8, 4, 4, 2, bias=False)),
        parametrizations.spectral_norm(nn.Conv2d(8, 4, 4, bias=False)),
    )
    assert certainties(module) == ({"0": "certain"}, set())


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    "wrap",
    [
        parametrizations.weight_norm,
        lambda m: parametrizations.weight_norm(m, dim=1),
        parametrizations.spectral_norm,
        nn.utils.weight_norm,
        nn.utils.spectral_norm,
    ],
)
def test_normalised_weights_are_multiplied_out(wrap, generator):
    layer = nn.ConvTranspose2d(6, 4, 4, 2)
    wrapped = wrap(layer)
    with torch.no_grad():
        for parameter in wrapped.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
        wrapped.eval()
        wrapped(torch.zeros(1, 6, 4, 4))  # hooks fill in the weight
    used = wrapped.weight.detach()
    weights, notes = resolved(wrapped.state_dict())
    assert notes == ()
    torch.testing.assert_close(weights["weight"], used, rtol=1e-5, atol=1e-6)
    (of_weights,) = layers_of_weights(wrapped.state_dict()).layers
    (of_model,) = layers_of_model(nn.Sequential(wrapped))
    np.testing.assert_allclose(of_weights.kernel.weight, used.numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(of_model.kernel.weight, used.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_an_old_weight_norm_that_was_never_run_is_resolved_too():
    """After loading, the hook's weight is that of the initialisation until a forward pass."""
    source, target = (nn.utils.weight_norm(nn.ConvTranspose1d(2, 3, 4, 2)) for _ in range(2))
    target.load_state_dict(source.state_dict())
    source(torch.zeros(1, 2, 4))
    (found,) = layers_of_model(nn.Sequential(target))
    np.testing.assert_allclose(found.kernel.weight, source.weight.detach().numpy(), rtol=1e-6)


def test_an_unknown_parametrization_is_noted():
    layer = nn.ConvTranspose2d(4, 2, 4, 2)
    nn.utils.parametrize.register_parametrization(layer, "weight", nn.Identity())
    weights, notes = resolved(layer.state_dict())
    assert "weight" in weights
    assert notes == ("weight: its parametrization is not known, left out",)


class Attributes(nn.Module):
    """Convolutions and shuffles as attributes, as super-resolution networks have them."""

    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(3, 8, 3, padding=1)
        self.shuffle = nn.PixelShuffle(2)
        self.conv = nn.Conv2d(2, 3, 3, padding=1)
        self.up = nn.Upsample(scale_factor=2, mode="bilinear")

    def forward(self, x):
        return self.conv(self.up(self.shuffle(self.body(x))))


@pytest.mark.parametrize("example", [None, torch.zeros(1, 3, 8, 8)])
def test_convolutions_beside_shuffles_and_interpolations_belong_to_them(example):
    model = Attributes().double()
    sequence = nn.Sequential(model.body, model.shuffle, model.up, model.conv)
    found = layers_of_model(model if example is not None else sequence, example)
    shuffle, interpolation = found
    assert [layer.kind for layer in found] == ["pixel_shuffle", "bilinear+conv"]
    for layer, blocks, channels in (
        (shuffle, (model.body, model.shuffle), 3),
        (interpolation, (model.up, model.conv), 2),
    ):
        probed = equivalent_kernel(nn.Sequential(*blocks), channels, (2, 2))
        np.testing.assert_allclose(layer.kernel.taps, probed.taps, atol=1e-12)
        assert layer.kernel.padding == probed.padding


def test_a_shuffle_without_a_convolution_has_no_kernel():
    unseen = layers_of_model(Attributes())  # without a forward pass nobody knows what follows what
    assert [layer.kind for layer in unseen] == ["bilinear"]
    assert layers_of_model(nn.Sequential(nn.ReLU(), nn.PixelShuffle(2))) == ()


def test_align_corners_is_left_out():
    up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
    assert layers_of_model(nn.Sequential(up)) == ()


def test_a_model_is_left_without_hooks():
    model = Attributes()
    layers_of_model(model, torch.zeros(1, 3, 8, 8))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_names_and_strides_settle_what_weights_do_not(tmp_path):
    module = nn.Sequential(nn.ConvTranspose2d(4, 4, 6, 3, padding=2), nn.Conv2d(4, 9, 3))
    path = saved(module, tmp_path / "net.pth")
    with pytest.raises(NothingToAnalyseError, match=r"0 \(--stride 0=2\), 1 \(--shuffle 1=3\);"):
        measure_kernels(path)
    table = measure_kernels(path, strides={"0": (3,)})
    assert (table.layers[0].stride, table.layers[0].certainty) == ((3, 3), "named")
    both = measure_kernels(path, strides={"0.weight": (3, 3)}, shuffles={"1*": 3})
    assert [row.kind for row in both.layers] == ["transposed_conv", "pixel_shuffle"]
    whole = measure_kernels(nn.Sequential(module[0]))
    assert whole.layers[0].measures.rejection_db == pytest.approx(
        table.layers[0].measures.rejection_db
    )


def test_a_checkpoint_needs_no_architecture(tmp_path):
    layer = nn.ConvTranspose2d(8, 3, 4, 2, padding=1)
    path = saved(nn.Sequential(layer), tmp_path / "net.pth")
    table = measure_kernels(path)
    (row,) = table.layers
    assert (row.name, row.kernel_size, row.stride, row.channels) == ("0", (4, 4), (2, 2), (8, 3))
    assert "stride 2 assumed" in row.evidence
    expected = kernel.measure(kernel.transposed_conv(layer.weight.detach(), stride=2, padding=1))
    assert row.measures == expected


def test_white_inputs_can_be_asked_for():
    layer = nn.ConvTranspose2d(64, 64, 4, 2)
    table = measure_kernels(layer, exponent=0)
    assert table.spectrum == "white"
    np.testing.assert_allclose(table.layers[0].measures.rejection_db, -4.77, atol=0.4)


def test_a_layer_of_zeros_has_a_reason_instead_of_numbers():
    layer = nn.ConvTranspose2d(2, 2, 4, 2)
    nn.init.zeros_(layer.weight)
    (row,) = measure_kernels(layer).layers
    assert (row.measures, row.reason) == (None, "all weights are 0")


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_all_numbers_of_axes_are_measured(axes):
    layer = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[axes - 1](2, 2, 3, 2)
    (row,) = measure_kernels(layer).layers
    assert len(row.measures.delay) == axes


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"strides": {"nothing": (2,)}}, ParameterError, "'nothing' matches no weight .* are 0"),
        ({"strides": {"0": (2, 2, 2)}}, ParameterError, "has 3 numbers: expected 1 or 2"),
        (
            {"shuffles": {"0": 3}},
            ParameterError,
            "^0: .*8 output channels: expected a multiple of 9",
        ),
        ({"exponent": -1}, ParameterError, "exponent=-1"),
        ({"key": "gone"}, LoadError, "key='gone'"),
    ],
)
def test_wrong_options_are_refused(options, error, text, tmp_path):
    path = saved(nn.Sequential(nn.ConvTranspose2d(8, 3, 4, 2)), tmp_path / "net.pth")
    with pytest.raises(error, match=text):
        measure_kernels(path, **options)


def test_strides_are_not_for_models():
    with pytest.raises(ParameterError, match="for bare weights"):
        measure_kernels(nn.ConvTranspose2d(2, 2, 4, 2), strides={"0": (2,)})


def test_a_spectral_norm_in_training_mode_stays_as_it_came():
    layer = nn.utils.parametrizations.spectral_norm(nn.ConvTranspose2d(3, 3, 4, 2, 1))
    model = nn.Sequential(layer).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    measure_kernels(model)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@pytest.mark.filterwarnings("ignore:Complex modules:UserWarning")
def test_a_kernel_of_complex_numbers_is_left_out():
    with pytest.raises(NothingToAnalyseError):
        measure_kernels(nn.Sequential(nn.ConvTranspose2d(3, 3, 4, 2, 1).to(torch.complex64)))


def test_a_shuffle_by_one_is_no_step():
    """Restoration networks keep the module at scale 1."""
    head = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.PixelShuffle(1))
    model = nn.Sequential(nn.ConvTranspose2d(3, 3, 4, 2, 1), head)
    table = measure_kernels(model)
    assert [(row.name, row.stride) for row in table.layers] == [("0", (2, 2))]
