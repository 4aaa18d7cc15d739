"""Under a constant input the lines of a step have closed forms."""

from math import log10
from unittest.mock import patch

import pytest
import torch
from torch import nn

from spectra.capture import discover
from spectra.errors import ParameterError
from spectra.probe._flat_field import _SIDES, flat_field
from spectra.probe._line_drop import without_pattern

CONVOLUTIONS = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
SIZES = {1: 64, 2: 32, 3: 16}


def kernel_of_ones(k, s, d=1, bias=None):
    layer = CONVOLUTIONS[d](1, 1, k, stride=s, bias=bias is not None)
    nn.init.ones_(layer.weight)
    if bias is not None:
        nn.init.constant_(layer.bias, bias)
    return layer


def measure(model, shape, *, start=32, limit=None, level=1.0, period=None):
    found = discover(model, torch.zeros(1, *shape))
    axes = len(shape) - 1
    usual = _SIDES[axes]
    with patch.dict(_SIDES, {axes: (start or usual[0], limit or usual[1])}):
        return flat_field(model, found, shape, level=level, period=period)


@pytest.mark.parametrize(
    ("k", "line"), [(3, -9.54), (5, -13.98), (7, -16.90), (9, -19.08), (11, -20.83)]
)
def test_a_kernel_of_ones_leaves_minus_20_log_k(k, line):
    result = measure(kernel_of_ones(k, 2), (1, 64), period=(2,))
    assert result.steps[0].line_dbc == pytest.approx(line, abs=0.006)  # given to two decimals
    assert result.steps[0].converged
    assert result.output == result.steps[0]


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("k", [3, 7])
def test_in_d_dimensions_all_lines_add_up(d, k):
    shape = (1, *[SIZES[d]] * d)
    result = measure(kernel_of_ones(k, 2, d), shape, start=SIZES[d])
    expected = 10 * log10((1 + 1 / k**2) ** d - 1)  # the product of 1-D spectra, less DC
    assert result.steps[0].line_dbc == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("k", "s", "lines"),
    [
        (2, 3, [-6.02, -6.02]),
        (4, 3, [-12.04, -12.04]),
        (5, 3, [-13.98, -13.98]),
        (7, 3, [-16.90, -16.90]),
        (6, 4, [-12.55, -12.55]),
    ],
)
def test_larger_strides_sum_the_lines_of_both_signs(k, s, lines):
    expected = 10 * log10(sum(10 ** (line / 10) for line in lines))
    result = measure(kernel_of_ones(k, s), (1, 64))
    assert result.steps[0].line_dbc == pytest.approx(expected, abs=0.006)


@pytest.mark.parametrize("k", [2, 4, 6])
def test_a_kernel_that_the_stride_divides_leaves_no_line(k):
    (row,) = measure(kernel_of_ones(k, 2), (1, 64)).steps
    assert (row.line_dbc, row.reason, row.converged) == (None, "no line above rounding", True)
    assert row.line_upper_dbc == pytest.approx(-120.4, abs=0.1)  # 8 roundings of 2^-23


def test_level_and_bias_enter_as_in_the_closed_form():
    result = measure(kernel_of_ones(3, 2, bias=0.5), (1, 64), level=2.0)
    assert result.steps[0].line_dbc == pytest.approx(-10.881, abs=5e-4)


def test_a_level_per_channel_is_each_channels_own():
    layer = nn.ConvTranspose1d(2, 1, 3, stride=2, bias=False)
    with torch.no_grad():
        layer.weight[0] = torch.ones(3)
        layer.weight[1] = 7.0
    level = torch.tensor([1.0, 0.0])
    assert measure(layer, (2, 64), level=level).steps[0].line_dbc == pytest.approx(
        -9.5424, abs=1e-4
    )


def test_a_black_input_has_no_level_to_compare_with():
    (row,) = measure(kernel_of_ones(3, 2), (1, 64), level=0.0).steps
    assert (row.line_dbc, row.reason) == (None, "the mean level is zero")


class Padded(nn.Module):
    """A small U-Net with zero padding everywhere."""

    def __init__(self, up):
        super().__init__()
        self.first, self.down = nn.Conv2d(1, 8, 5, padding=2), nn.Conv2d(8, 8, 5, 2, 2)
        self.deep = nn.Sequential(*[nn.Conv2d(8, 8, 5, padding=2) for _ in range(4)])
        self.up, self.last = up, nn.Conv2d(16, 1, 5, padding=2)

    def forward(self, x):
        x = self.first(x).relu()
        return self.last(torch.cat([self.up(self.deep(self.down(x).relu())), x], 1))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_map_that_is_not_finite_has_a_reason_and_ends_the_growth(value):
    class Broken(nn.Module):
        def __init__(self):
            super().__init__()
            self.up = kernel_of_ones(3, 2)

        def forward(self, x):
            sizes.append(x.shape[-1])
            return self.up(x) * value

    sizes = []
    result = measure(Broken(), (1, 64), period=(2,))
    assert result.output.line_dbc is None
    assert "NaN or infinite" in result.output.reason
    assert result.steps[0].line_dbc is not None
    assert max(sizes) <= 128  # the step's own map has settled by then


def test_zero_padding_is_not_mistaken_for_lines():
    torch.manual_seed(0)
    model = Padded(nn.Upsample(scale_factor=2))
    result = measure(model, (1, 32, 32), start=32, period=(2, 2))
    for row in (*result.steps, result.output):
        assert row.converged
        assert row.line_dbc is None or row.line_dbc < -100


def test_what_zero_padding_surrounds_is_found_at_its_true_height():
    torch.manual_seed(0)
    model = Padded(nn.ConvTranspose2d(8, 8, 3, stride=2, padding=1, output_padding=1))
    small = measure(model, (1, 32, 32), start=32).steps[0]
    large = measure(model, (1, 32, 32), start=256).steps[0]
    assert small.converged
    assert small.line_dbc == pytest.approx(large.line_dbc, abs=0.5)


def test_the_input_grows_no_further_than_the_limit():
    class Falling(nn.Module):
        """The level falls with the size, so nothing settles."""

        def forward(self, x):
            y = nn.functional.interpolate(x, scale_factor=2).clone()
            y[..., ::2] += 1 / x.shape[-1]
            return y + 0.1 * torch.linspace(0, 1, y.shape[-1])

    row = measure(Falling(), (1, 64), period=(2,), limit=128).output
    assert not row.converged
    assert row.size == 128
    assert row.reason == "not settled at 128 samples"


@pytest.mark.parametrize(("axes", "size"), [(1, 64), (2, 64), (3, 16)])
def test_a_volume_begins_small_and_shows_the_same_lines(axes, size):
    """Ones of side 3 at stride 2 make 1 and 2 by turns: a line of a third, on each axis."""
    up = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}[axes]
    model = up(1, 1, 3, 2, 1, 1, bias=False)
    nn.init.ones_(model.weight)
    row = measure(model, (1, *[8] * axes), start=None).steps[0]
    lines = (1 + 1 / 9) ** axes - 1
    assert row.line_dbc == pytest.approx(10 * log10(lines), abs=1e-3)
    assert (row.size, row.converged) == (size, True)


class OneSize(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = kernel_of_ones(3, 2)

    def forward(self, x):
        return self.up(x.reshape(-1, 1, 48))


def test_a_model_of_one_size_keeps_it():
    (row,) = measure(OneSize(), (1, 48)).steps
    assert row.line_dbc == pytest.approx(-9.5424, abs=1e-4)
    assert row.size == 48


def test_a_latent_without_space_keeps_its_size_and_says_so():
    model = nn.Sequential(
        nn.Linear(4, 64), nn.Unflatten(1, (4, 4, 4)), nn.ConvTranspose2d(4, 4, 3, 2, bias=False)
    )
    found = discover(model, torch.zeros(1, 4))
    (row,) = flat_field(model, found, (4,), level=1.0).steps
    assert not row.converged
    assert row.reason == "the model has no spatial input to enlarge"


def test_a_table_resized_at_other_sizes_only_is_no_obstacle():
    class Table(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.up = nn.Parameter(torch.zeros(1, 1, 48)), kernel_of_ones(3, 2)

        def forward(self, x):
            table = self.table
            if x.shape[-1] != 48:
                table = nn.functional.interpolate(table, size=x.shape[-1], mode="linear")
            return self.up(x + table)

    (row,) = measure(Table(), (1, 48), start=64).steps
    assert row.line_dbc == pytest.approx(-9.5424, abs=1e-4)
    assert row.size == 64


def test_a_step_without_a_lattice_is_charged_with_all_structure():
    # 2, 1, 2, 1, ... by nearest x1.5 becomes 2, 2, 1, 2, 2, 1, ...: mean 5/3, variance 2/9
    model = nn.Sequential(kernel_of_ones(3, 2), nn.Upsample(scale_factor=1.5, mode="nearest"))
    _, row = measure(model, (1, 64)).steps
    assert row.line_dbc == pytest.approx(10 * log10(2 / 25), abs=1e-4)
    assert (row.converged, row.reason) == (True, "no lattice, so all structure counts")


def test_the_whole_model_is_charged_with_the_lines_of_its_output():
    # The second layer repeats the first's 1, 2: at period 4 the output is 1, 1, 2, 2.
    model = nn.Sequential(kernel_of_ones(3, 2), nn.Upsample(scale_factor=2, mode="nearest"))
    output = measure(model, (1, 64), period=(4,)).output
    assert output.line_dbc == pytest.approx(-9.5424, abs=1e-4)
    assert output.converged
    assert measure(model, (1, 64), period=(2,)).output.reason == "no line above rounding"


def test_a_removed_pattern_takes_exactly_its_lines_away():
    layer = kernel_of_ones(3, 2, bias=0.25)
    x = torch.full((2, 1, 16), 3.0)
    found = discover(layer, x)
    # Phase means inside are 2 and 1 times the level, plus the bias: the pattern is +- 1.5.
    output = without_pattern(layer, found, x, 0, torch.tensor([[1.5, -1.5]]))
    assert torch.allclose(output[..., 1:-1], torch.tensor(4.75))


@pytest.mark.parametrize("index", [-1, 1])
def test_a_pattern_for_no_step_is_refused(index):
    layer, x = kernel_of_ones(3, 2), torch.zeros(1, 1, 16)
    with pytest.raises(ParameterError, match="step_index"):
        without_pattern(layer, discover(layer, x), x, index, torch.zeros(1, 2))


def test_a_pattern_of_another_shape_is_refused():
    layer, x = kernel_of_ones(3, 2), torch.zeros(1, 1, 16)
    with pytest.raises(ParameterError, match=r"expected \(channel, \*factor\) = \(1, 2\)"):
        without_pattern(layer, discover(layer, x), x, 0, torch.zeros(1, 3))


class Attention(nn.Module):
    """Compares all pixels with all, then enlarges."""

    def __init__(self, sizes):
        super().__init__()
        self.see = sizes.append

    def forward(self, x):
        self.see(x.shape[-1])
        tokens = x.flatten(2)
        weights = (tokens.mT @ tokens).softmax(-1)
        mixed = (tokens @ weights).view(x.shape)
        return nn.functional.interpolate(mixed, scale_factor=2, mode="bilinear")


def test_memory_is_judged_by_what_attention_makes_not_by_maps(monkeypatch):
    """n pixels a side make a tensor of 4 n**4 bytes: 4 MiB at 32, and 64 MiB, eightfold, at 64."""
    monkeypatch.setattr("spectra.probe._flat_field._MEMORY", 150 * 2**20)
    sizes = []
    model = Attention(sizes)
    x = torch.rand(1, 2, 32, 32)
    found = discover(model, x)
    sizes.clear()
    monkeypatch.setattr("spectra.probe._flat_field._Flat._converged", lambda *_: False)
    monkeypatch.setitem(_SIDES, 2, (16, 1024))
    flat_field(model, found, (2, 32, 32), level=0.5)
    assert max(sizes) == 32


def test_a_convolution_of_volumes_needs_room_for_the_neighbours_of_each_voxel(monkeypatch):
    """16 px a side make a tensor of 2 MiB and one of 27 as large: of 8 alone, 32 px would fit."""
    model = nn.ConvTranspose3d(1, 16, 2, 2)
    nn.init.normal_(model.weight, generator=torch.Generator().manual_seed(0))
    largest = 16 * 32**3 * 4  # bytes, of the map of a constant of 16 px
    monkeypatch.setattr("spectra.probe._flat_field._MEMORY", 20 * 8 * largest)
    monkeypatch.setattr("spectra.probe._flat_field._Flat._converged", lambda *_: False)
    row = measure(model, (1, 8, 8, 8), start=None).steps[0]
    assert row.size == 16
    assert "does not fit into memory" in row.reason
