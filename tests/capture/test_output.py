"""The output is the tensor that users look at, read by what each of its axes stands for."""

import re
from collections import OrderedDict
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spectra.capture import discover, forward
from spectra.errors import MixedInputsError, ModelError, ParameterError
from support.layouts import LAYOUTS, SIDES, Wrapped, decoder

ONE_CHANNEL = ("squeezed", "all squeezed", "all flat")


def inputs(axes, count, *, scale=1):
    generator = torch.Generator().manual_seed(count)
    return torch.rand(count, 3, *(scale * n for n in SIDES[axes]), generator=generator)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("name", LAYOUTS)
def test_an_output_in_any_layout_gives_the_maps_of_the_plain_one(name, axes):
    """The plain decoder is the oracle, on other sizes and batches than the example's too."""
    channels = 1 if name in ONE_CHANNEL else 2
    plain = decoder(axes, channels=channels)
    model = Wrapped(plain, LAYOUTS[name])
    for examples in (1, 2):
        found = discover(model, inputs(axes, examples))
        assert found.output_shape == tuple(plain(inputs(axes, 1)).shape[1:])
        for count, scale in ((1, 1), (3, 2)):
            x = inputs(axes, count, scale=scale)
            alone = found.reading.alone and torch.cat([plain(one) for one in x.split(1)])
            expected = alone if found.reading.alone else plain(x)
            assert torch.equal(forward(model, x, found=found), expected)


@pytest.mark.parametrize(
    ("wrap", "axes"),
    [
        (lambda y: y, "(sample, channel, y, x)"),
        (lambda y: y.movedim(1, -1), "(sample, y, x, channel)"),
        (lambda y: y[:, 0], "(sample, y, x)"),
        (lambda y: y[:, None], "(sample, 1, channel, y, x)"),
        (lambda y: y[0], "(channel, y, x)"),
        (lambda y: y.flatten(2).mT, "(sample, y and x, channel)"),
        (lambda y: y.flatten(2)[:, 0], "(sample, y and x)"),
        (
            lambda y: torch.complex(y, 2 * y),
            "(sample, channel, y, x), real and imaginary part as channels",
        ),
    ],
)
def test_the_reading_says_what_each_axis_is(wrap, axes):
    reading = discover(Wrapped(decoder(2), wrap), inputs(2, 1)).reading
    assert (reading.axes, reading.followed) == (axes, True)


def test_frames_that_a_model_takes_for_samples_are_maps_of_their_input():
    """One input of 4 frames gives 4 maps, in its own order whatever the model's."""
    plain = decoder(2)

    def rows_of_frames(x):
        return plain(x.permute(2, 0, 1, 3, 4).flatten(0, 1))

    def back_to_videos(x):
        frames = plain(x.transpose(1, 2).flatten(0, 1))
        return frames.unflatten(0, (len(x), -1)).transpose(1, 2)

    same = nn.Conv3d(2, 2, 1, bias=False)
    same.weight.data[:] = torch.eye(2)[..., None, None, None]

    def through_a_layer_of_videos(x):
        return same(back_to_videos(x)).transpose(1, 2).flatten(0, 1)

    x = torch.rand(3, 3, 4, 8, 10, generator=torch.Generator().manual_seed(0))
    frames = x.transpose(1, 2)
    for model in (rows_of_frames, back_to_videos, through_a_layer_of_videos):
        found = discover(Wrapped(nn.Identity(), model), x[:1])
        assert found.reading.followed
        maps = forward(Wrapped(nn.Identity(), model), x, found=found)
        expected = torch.cat([plain(video) for video in frames])
        assert torch.allclose(maps, expected, atol=1e-6)


def test_inputs_that_come_out_mixed_are_refused_together_and_right_alone():
    """A grey map of the first input only looks like a batch of one."""
    plain = decoder(2, channels=1)
    model, x = Wrapped(plain, lambda y: y[0]), inputs(2, 3)
    found = discover(model, x[:1])
    assert torch.equal(forward(model, x[:1], found=found), plain(x[:1]))
    with pytest.raises(MixedInputsError, match="1 maps for 3 inputs"):
        forward(model, x, found=found)


def windows(y):
    """Return a map of 16 x 20 cut into 4 x 4 parts, channels last."""
    return y.unflatten(3, (4, 5)).unflatten(2, (4, 4)).movedim(1, -1).transpose(2, 3)


def attention(y):
    """Return how much each place looks at each other one."""
    places = y.flatten(2)
    return (places.mT @ places).softmax(-1)


# --- which tensor ---------------------------------------------------------------------------


@dataclass
class Decoded:
    sample: Tensor
    latent: Tensor


class Several(nn.Module):
    """Returns a picture, features of its size, and smaller maps, as ``arrange`` puts them."""

    def __init__(self, arrange, channels=8):
        super().__init__()
        torch.manual_seed(0)
        self.arrange = arrange
        self.small = nn.ConvTranspose2d(3, channels, 4, 2, 1)
        self.large = nn.ConvTranspose2d(channels, channels, 4, 2, 1)
        self.head = nn.Conv2d(channels, 3, 3, padding=1)
        self.mask = nn.Conv2d(channels, 1, 3, padding=1)

    def forward(self, x):
        small = self.small(x)
        large = self.large(small)
        return self.arrange(
            SimpleNamespace(
                x=x,
                small=small,
                features=large,
                image=self.head(large),
                mask=self.mask(large).sigmoid(),
            )
        )


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        (lambda m: (m.features, m.image), "[1]"),
        (lambda m: (m.image, m.features), "[0]"),
        (lambda m: {"mask": m.mask, "image": m.image}, "['image']"),
        (lambda m: {"mask": m.mask > 0.5, "logits": m.features, "small": m.small}, "['logits']"),
        (lambda m: [m.small, m.features], "[1]"),
        (lambda m: [F.avg_pool2d(m.image, 4), m.image], "[1]"),
        (lambda m: [attention(m.image), m.image], "[1]"),
        (lambda m: [m.features, m.small], "[0]"),
        (lambda m: Decoded(m.image, m.x), ".sample"),
        (lambda m: Decoded(sample=m.x, latent=m.image), ".latent"),
        (lambda m: OrderedDict(loss=None, count=3, out=(m.x, m.image)), "['out'][1]"),
        (lambda m: torch.distributions.Normal(m.image, 1.0, validate_args=False), ".loc"),
        (lambda m: {"image": m.image[:, 0], "volume": m.x[:, :, None]}, "['image']"),
        (lambda m: {"windows": m.small[:, None, None], "image": m.image}, "['image']"),
        (lambda m: (m.image.mean((2, 3)), m.small), "[1]"),
        (lambda m: (m.features.argmax(1), m.x), "[1]"),
        (lambda m: (m.image.mean(), m.image.mean((2, 3))), "[0]"),
    ],
)
def test_the_largest_grown_map_is_the_output(arrange, expected):
    found = discover(Several(arrange), torch.rand(1, 3, 8, 10))
    assert found.outputs[found.output] == expected


def test_audio_is_the_output_beside_a_latent_of_more_axes():
    torch.manual_seed(0)
    up = nn.Sequential(nn.ConvTranspose1d(8, 8, 8, 4, 2), nn.ConvTranspose1d(8, 1, 8, 4, 2))
    codec = Wrapped(nn.Identity(), lambda z: {"latent": z * 2, "audio": up(z)[:, 0]})
    found = discover(codec, torch.rand(1, 8, 16))
    assert found.outputs[found.output] == "['audio']"
    assert (found.output_shape, found.reading.axes) == ((1, 256), "(sample, x)")


def test_the_later_of_iterations_of_one_size_is_the_output():
    """As of a flow that is refined, each estimate enlarged: the last one is the model's."""
    torch.manual_seed(0)
    refine = nn.Conv2d(3, 3, 3, padding=1)

    def iterate(x):
        estimates = []
        for _ in range(3):
            x = refine(x)
            estimates.append(F.interpolate(x, scale_factor=2, mode="bilinear"))
        return estimates

    found = discover(Wrapped(nn.Identity(), iterate), torch.rand(1, 3, 8, 10))
    assert found.outputs[found.output] == "[2]"


@pytest.mark.parametrize("wanted", ["['out'][0]", "out.0", " ['out'][0] ", '["out"][0]', "1", 1])
def test_an_output_can_be_asked_for_by_name_or_number(wanted):
    model = Several(lambda m: {"image": m.image, "out": [m.small]})
    found = discover(model, torch.rand(1, 3, 8, 10), output=wanted)
    assert (found.outputs[found.output], found.chosen) == ("['out'][0]", "as asked for")
    assert found.output_shape == (8, 16, 20)


def test_an_unknown_output_lists_the_names():
    model = Several(lambda m: {"image": m.image, "mask": m.mask})
    message = r"output='imgae' is not .*: \['image'\], \['mask'\]; close are image"
    with pytest.raises(ParameterError, match=message):
        discover(model, torch.rand(1, 3, 8, 10), output="imgae")
    with pytest.raises(ParameterError, match="output='2'"):
        discover(model, torch.rand(1, 3, 8, 10), output="2")


# --- what is no map, and what cannot be told --------------------------------------------------


@pytest.mark.parametrize(
    ("wrap", "reason"),
    [
        (lambda y: y.mean(), "it is one number"),
        (lambda y: y.mean((2, 3)), r"no axis of \(1, 2\) is space"),
        (lambda y: y.flatten(1), r"no axis of \(1, 640\) is space"),
        (lambda y: F.adaptive_avg_pool2d(y, 1), "it is one pixel large"),
        (lambda y: y[..., :0], "it is empty"),
        (lambda y: y.argmax(1), "it holds int64 values"),
        (lambda y: y > 0, "it holds bool values"),
        (lambda y: y.mT.flatten(2).mT, r"axis 1 of \(1, 320, 2\) runs through rows and columns"),
        (
            lambda y: windows(y).flatten(0, 2).flatten(1, 2),
            r"axis 0 of \(16, 20, 2\) runs through rows and columns",
        ),
        (windows, r"4 axes of \(1, 4, 4, 4, 5, 2\) are space"),
        (
            lambda y: F.pad(y.flatten(2).mT, (0, 0, 1, 0)),
            r"\(1, 321, 2\) holds tokens of a map whose width is not known",
        ),
    ],
)
def test_an_output_that_is_no_map_has_a_reason_and_runs_as_it_is(wrap, reason):
    model, x = Wrapped(decoder(2), wrap), inputs(2, 1)
    found = discover(model, x)
    assert found.layout is None
    assert found.output_shape == ()
    assert found.steps
    assert re.search(reason, found.reading.reason)
    assert torch.equal(forward(model, x, found=found), model(x))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda y: torch.from_numpy(y.numpy().copy()),
        lambda y: y @ torch.eye(y.shape[-1]),
        lambda y: torch.eye(y.shape[-2]) @ y,
    ],
    ids=["NumPy", "columns", "rows"],
)
@torch.no_grad()
def test_what_cannot_be_followed_is_read_as_usual_and_says_so(wrap):
    plain = decoder(2)
    found = discover(Wrapped(plain, wrap), inputs(2, 1))
    assert not found.reading.followed
    assert torch.equal(
        forward(Wrapped(plain, wrap), inputs(2, 3), found=found), plain(inputs(2, 3))
    )


def test_tokens_behind_a_linear_layer_have_the_sides_of_the_step():
    plain = decoder(2)
    linear = nn.Linear(2, 2)
    model = Wrapped(plain, lambda y: linear(y.flatten(2).mT))
    found = discover(model, inputs(2, 1))
    x = inputs(2, 3, scale=2)
    expected = linear(plain(x).movedim(1, -1)).movedim(-1, 1)
    assert torch.allclose(forward(model, x, found=found), expected, atol=1e-6)


def test_tokens_of_a_size_that_does_not_follow_the_input_are_an_error():
    model = Wrapped(decoder(2), lambda y: y[..., 1:].flatten(2))
    found = discover(model, inputs(2, 1))
    assert found.reading.grid == (16, 19)
    with pytest.raises(ModelError, match="their width is not known"):
        forward(model, inputs(2, 1, scale=2), found=found)


def test_another_number_of_axes_is_an_error():
    def changing(y):
        return y if y.shape[-1] == 20 else y[:, :, None, None]

    model = Wrapped(decoder(2), changing)
    found = discover(model, inputs(2, 1))
    with pytest.raises(ModelError, match="expected axes like those of"):
        forward(model, inputs(2, 1, scale=2), found=found)


def test_a_signal_made_of_overlapping_frames_is_one():
    """As of a vocoder that ends with an inverse short-time Fourier transform."""
    window = torch.hann_window(64)

    def overlap(y):
        spectra = torch.complex(y[:, :33], y[:, 33:66])
        return torch.istft(spectra, 64, 16, window=window)

    torch.manual_seed(0)
    model = Wrapped(nn.ConvTranspose1d(3, 66, 4, 2, 1), overlap)
    found = discover(model, torch.rand(1, 3, 20))
    assert (found.output_shape, found.reading.axes) == ((1, 624), "(sample, x)")
