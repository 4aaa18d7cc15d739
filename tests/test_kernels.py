"""From models and bare weights to their upsampling kernels."""

import numpy as np
import pytest
import torch
from torch import nn

import spectra
from spectra import kernel, measure_kernels
from spectra.errors import LoadError, NothingToAnalyseError, ParameterError


def saved(module, path):
    torch.save(module.state_dict(), path)
    return path


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


def test_a_step_that_was_swapped_for_a_shuffle_has_a_kernel():
    old = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ConvTranspose2d(8, 3, 4, 2, padding=1))
    new, _ = spectra.swap(old, "shuffle3", init="default")
    (row,) = measure_kernels(new).layers
    # all phases start alike: three taps of a phase, each on two pixels of both axes
    assert (row.kind, row.kernel_size, row.measures.phase_imbalance) == ("pixel_shuffle", (6, 6), 0)


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
    assert repr(table) == table.text()
    with pytest.raises(ParameterError, match=r"source\['a'\] is no tensor: expected"):
        measure_kernels({"a": 1})


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


class Failing(nn.Module):
    """Fails on every input, so that only its modules tell."""

    def __init__(self):
        super().__init__()
        self.head = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2))
        self.tail = nn.ConvTranspose2d(3, 3, 4, 2, 1)
        self.unseen = nn.PixelShuffle(2)

    def forward(self, x):
        raise RuntimeError("not today")


def test_what_modules_tell_is_listed_though_the_model_fails():
    table = measure_kernels(Failing())
    assert [row.name for row in table.layers] == ["head.1", "tail"]
    (note,) = table.notes
    assert note.startswith("pixel shuffles and interpolations only where they stand in a Seq")
    assert note.endswith("not today")
