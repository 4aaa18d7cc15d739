from fractions import Fraction
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from spectra import Options
from spectra.capture import discover, find_steps, follow_periods, look_at_inputs
from spectra.capture._periods import simplest_ratio
from spectra.inputs import open_inputs


class Do(nn.Module):
    """A model of one function and the layers it uses."""

    def __init__(self, function, **layers):
        super().__init__()
        self.function = function
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x):
        return self.function(self, x)


def followed(model, *shape):
    torch.manual_seed(0)
    x = torch.rand(1, *shape)
    model.eval()
    return follow_periods(model, discover(model, x), x)


def up(factor=2, channels=3):
    torch.manual_seed(0)
    return nn.ConvTranspose2d(channels, 3, 2 * factor, factor, factor // 2)


def shuffle(factor):
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 3 * factor**2, 3, padding=1), nn.PixelShuffle(factor))


def conv(stride=1):
    torch.manual_seed(0)
    return nn.Conv2d(3, 3, 3, stride, 1)


def pasted(self, x):
    out = x.new_zeros(len(x), 3, x.shape[2] * 4 + 40, x.shape[3] * 4 + 24)
    out[..., 17:-23, 5:-19] = self.net(x)
    return out


def stitched(self, x):
    out = x.new_zeros(len(x), 3, x.shape[2] * 4, x.shape[3] * 4)
    for i in range(0, x.shape[2], 16):
        for j in range(0, x.shape[3], 16):
            tile = self.net(x[..., i : i + 16, j : j + 16])
            out[..., 4 * i : 4 * i + 64, 4 * j : 4 * j + 64] = tile
    return out


def patches(self, x):
    columns = F.unfold(self.up(x), 8, stride=8)
    return F.fold(columns, (2 * x.shape[2], 2 * x.shape[3]), 8, stride=8)


def resized(factor, step, mode="bilinear"):
    return lambda self, x: F.interpolate(step(self)(x), scale_factor=factor, mode=mode)


def of_up(self):
    return self.up


# A step of factor s whose map is then resampled by r leaves a grid of s r pixels; one of p/q
# pixels, in lowest terms, meets whole pixels again every p.
GEOMETRIES = {
    "pad and crop": (
        Do(
            lambda m, x: m.up(F.pad(x, (8,) * 4, mode="reflect"))[..., 16:-16, 16:-16],
            up=up(),
        ),
        [(2, 2)],
    ),
    "odd crop": (Do(lambda m, x: m.conv(m.up(x)[..., 5:-2, 1:-8]), up=up(), conv=conv()), [(2, 2)]),
    "paste": (Do(pasted, net=shuffle(4)), [(4, 4)]),
    "tiles": (Do(stitched, net=shuffle(4)), [(4, 4)]),
    "strided convolution": (nn.Sequential(shuffle(4), conv(2)), [(2, 2)]),
    "strided twice": (nn.Sequential(shuffle(4), conv(2), nn.ReLU(), conv(2)), [(1, 1)]),
    "half": (Do(resized(0.5, of_up, "bicubic"), up=shuffle(4)), [(2, 2)]),
    "half of a step of 3": (Do(resized(0.5, of_up), up=shuffle(3)), [(3, 3)]),
    "three halves": (Do(resized(1.5, of_up), up=up()), [(3, 3), None]),
    "two thirds": (Do(resized(2 / 3, of_up), up=shuffle(3)), [(2, 2)]),
    "two thirds of a step of 2": (Do(resized(2 / 3, of_up), up=up()), [(4, 4)]),
    "nearest half": (Do(resized(0.5, of_up, "nearest"), up=shuffle(4)), [(2, 2)]),
    "shuffle": (nn.Sequential(up(), shuffle(3)), [(6, 6), (3, 3)]),
    "unshuffle": (nn.Sequential(shuffle(4), nn.PixelUnshuffle(2)), [(2, 2)]),
    "unshuffle to nothing": (nn.Sequential(up(), nn.PixelUnshuffle(2)), [(1, 1)]),
    "folded patches": (Do(patches, up=up()), [(2, 2)]),
    "axes exchanged": (
        Do(lambda m, x: F.interpolate(m.up(x), scale_factor=(2, 1)).mT, up=up()),
        [(2, 4), (1, 2)],
    ),
    "corners aligned": (
        nn.Sequential(up(), nn.UpsamplingBilinear2d(scale_factor=2)),
        [None, None],
    ),
}


@pytest.mark.parametrize("name", GEOMETRIES)
def test_the_period_is_the_factor_times_what_comes_behind(name):
    model, periods = GEOMETRIES[name]
    found = followed(model, 3, 48, 48)
    assert list(found.periods) == periods
    assert [bool(reason) for reason in found.period_reasons] == [p is None for p in periods]


@given(
    kinds=st.lists(
        st.sampled_from(["up", "shuffle", "crop", "pad", "down"]), min_size=1, max_size=5
    ),
    seed=st.integers(0, 99),
)
@settings(max_examples=30, deadline=None)
def test_a_chain_multiplies_its_ratios(kinds, seed):
    """Pads and crops change nothing, whatever they do to the sizes."""
    layers = []
    torch.manual_seed(seed)
    for kind in kinds:
        layers += {
            "up": [nn.ConvTranspose2d(4, 4, 4, 2, 1), nn.ReLU()],
            "shuffle": [nn.Conv2d(4, 36, 3, padding=1), nn.PixelShuffle(3)],
            "crop": [nn.ZeroPad2d((-1, -2, -1, 0))],
            "pad": [nn.ReflectionPad2d((3, 1, 2, 2))],
            "down": [nn.Conv2d(4, 4, 3, 2, 1)],
        }[kind]
    ratio = {"up": Fraction(2), "shuffle": Fraction(3), "down": Fraction(1, 2)}
    expected: list[Fraction] = []
    for kind in kinds:
        expected = [period * ratio.get(kind, 1) for period in expected]
        expected += [ratio[kind]] if kind in ("up", "shuffle") else []
    found = followed(nn.Sequential(*layers), 4, 24, 24)
    assert list(found.periods) == [
        (p.numerator,) * 2 if p.denominator == 1 or p.numerator <= 32 else None for p in expected
    ]


@pytest.mark.parametrize("steps", [1, 3, 5])
def test_a_signal_is_followed_through_long_strides(steps):
    torch.manual_seed(0)
    layers = [nn.ConvTranspose1d(4, 4, 16, 8, 4) for _ in range(steps)]
    found = followed(nn.Sequential(*layers), 4, 12)
    assert found.periods == tuple((8**k,) for k in range(steps, 0, -1))
    assert found.ratio == (8**steps,)


def film(self, x):
    """Enlarge a volume, then each of its frames as a sample."""
    x = F.interpolate(x, scale_factor=2)
    n, c, t, h, w = x.shape
    return self.out(F.interpolate(x.transpose(1, 2).reshape(n * t, c, h, w), scale_factor=2)), n, t


def whole_film(self, x):
    y, n, t = film(self, x)
    return y.unflatten(0, (n, t)).transpose(1, 2)


def frames(self, x):
    return film(self, x)[0]


@pytest.mark.parametrize(
    ("forward", "periods", "ratio"),
    [
        (whole_film, [(2, 4, 4), (1, 2, 2)], (2, 4, 4)),
        (frames, [(4, 4), (2, 2)], None),
    ],
)
def test_frames_that_become_samples_lose_the_axis_of_time(forward, periods, ratio):
    found = followed(Do(forward, out=nn.Conv2d(3, 3, 3, padding=1)), 3, 4, 16, 16)
    assert (list(found.periods), found.ratio) == (periods, ratio)


def test_normalisations_that_change_everything_a_little_do_not_hide_a_place():
    torch.manual_seed(0)
    layers = [
        layer
        for _ in range(3)
        for layer in (nn.ConvTranspose2d(4, 4, 4, 2, 1), nn.InstanceNorm2d(4), nn.ReLU())
    ]
    assert followed(nn.Sequential(*layers), 4, 16, 16).periods == ((8, 8), (4, 4), (2, 2))


def test_an_input_that_is_changed_in_place_is_the_same_in_every_run():
    # Run again on its own result, x grows from run to run, and every touch is felt everywhere.
    def normalising(self, x):
        x -= 0.45
        x /= 0.22
        return self.up(x)

    found = followed(Do(normalising, up=up()), 3, 32, 32)
    assert found.periods == ((2, 2),)
    assert found.ratio == (Fraction(2), Fraction(2))


def test_a_map_that_never_reaches_the_output_has_no_period_there():
    def forward(self, x):
        self.up(x)
        return self.conv(x)

    found = followed(Do(forward, up=up(), conv=conv()), 3, 32, 32)
    assert found.periods == (None,)
    assert "did not change the output" in found.period_reasons[0]


def test_places_that_are_mixed_up_are_unknown():
    """Behind a layer that connects all with all no place is left."""

    def forward(self, x):
        return self.all(self.up(x).flatten(2)).unflatten(2, (32, 32))

    torch.manual_seed(0)
    found = followed(Do(forward, up=up(), all=nn.Linear(1024, 1024)), 3, 16, 16)
    assert found.periods == (None,)
    assert "cannot be followed" in found.period_reasons[0]


def test_a_selection_keeps_the_periods_of_its_steps():
    found = followed(nn.Sequential(up(), shuffle(3)), 3, 24, 24)
    last = found.select(lambda step: step.kind == "pixel_shuffle")
    assert (last.periods, last.period_reasons) == (((3, 3),), (None,))


def test_the_model_is_left_as_it_came():
    model = nn.Sequential(nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3), up()).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    x = torch.rand(1, 3, 16, 16)
    follow_periods(model, discover(model, x), x)
    assert all(module.training for module in model.modules())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())


@given(
    top=st.integers(1, 12),
    bottom=st.integers(1, 3),
    error=st.floats(-0.9, 0.9),
    border=st.integers(-6, 6),
)
def test_the_simplest_ratio_within_the_doubt_is_found(top, bottom, error, border):
    """Fractions of denominators up to 3 and up to 4 lie at least 1/12 apart."""
    assume(top <= 5 * bottom)
    true, sizes = Fraction(top, bottom), Fraction(64 * top + border, 64 * bottom)
    doubt = 1 / 48
    found = simplest_ratio(float(true) + error * doubt, doubt, sizes=sizes)
    assert found == true


def test_no_ratio_is_named_where_several_would_do():
    assert simplest_ratio(50.4, 2.0, sizes=Fraction(1000, 17)) is None
    assert simplest_ratio(50.4, 2.0, sizes=Fraction(50)) == 50


def restless(seed):
    """Return a decoder whose layers answer a touch differently from place to place."""
    torch.manual_seed(seed)

    def block():
        layers = [nn.Conv2d(4, 4, 3, padding=1), nn.GroupNorm(2, 4), nn.SiLU()]
        return nn.Sequential(*layers, nn.Conv2d(4, 4, 3, padding=1), nn.GroupNorm(2, 4), nn.SiLU())

    ups = [nn.Sequential(block(), nn.Upsample(scale_factor=2), block()) for _ in range(3)]
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), *ups, nn.Conv2d(4, 3, 3, padding=1))


@pytest.mark.parametrize("seed", range(12))
def test_a_ratio_that_only_one_reading_tells_is_not_believed(seed):
    """No period is another than the product of the factors; few are not known."""
    periods = followed(restless(seed), 3, 8, 8).periods
    known = zip(periods, (8, 4, 2), strict=True)
    assert all(period in ((p, p), None) for period, p in known)
    assert sum(period is None for period in periods) <= 1


def test_frames_that_are_samples_for_a_while_are_an_axis_all_the_same():
    """Of two frames a distance cannot be told: unknown, and not gone."""

    def forward(self, x):
        x = self.first(x)
        y = self.second(x.transpose(1, 2).flatten(0, 1))
        return self.last(y.unflatten(0, (len(x), x.shape[2])).transpose(1, 2))

    for frames, period in ((2, None), (8, (2, 4, 4))):
        torch.manual_seed(0)
        first = nn.ConvTranspose3d(3, 3, (2, 4, 4), (2, 2, 2), (0, 1, 1))
        model = Do(forward, first=first, second=up(), last=nn.Conv3d(3, 3, 3, padding=1))
        assert followed(model, 3, frames, 24, 24).periods == (period, (1, 2, 2))


def test_an_output_of_no_numbers_is_the_reason():
    found = followed(Do(lambda self, x: self.up(x) * float("nan"), up=up()), 3, 32, 32)
    assert found.period_reasons == ("the output holds NaN or infinite values",)


def test_another_input_is_looked_at_where_the_output_of_the_first_holds_nan():
    def sometimes(self, x):
        return self.up(x) if x.mean() < 0.5 else self.up(x) * float("nan")

    torch.manual_seed(0)
    maps = torch.rand(4, 3, 32, 32) + torch.tensor([1.0, 1, -1, 1]).view(-1, 1, 1, 1)
    look = partial(find_steps, options=Options(), progress=lambda *_: None)
    example, found = look_at_inputs(Do(sometimes, up=up()), open_inputs(maps), look)
    assert torch.equal(example, maps[2:3])
    assert found.periods == ((2, 2),)
    _, none = look_at_inputs(Do(sometimes, up=up()), open_inputs(maps[:2]), look)
    assert none.periods == (None,)
