"""How many inputs run at once is a matter of memory and time: no number depends on it."""

import json
from collections.abc import Iterator

import pytest
import torch
from torch import nn

import spectra
from spectra.demo import lctc_sinc, small
from spectra.report._summary_json import encode_summary
from support.whole import small_flat_fields

COUNT = 17  # so that the last batch is a single input
TOLERANCE = 1e-6
# What single precision allows for a line drop, in dB, where a pattern is far below its map's level.
# Batches round the map apart, and so the pattern that is its mean: `lctc_sinc` leaves 1.7e-5 on a
# level of 0.08. Each element is a sum of some 200 products, off by sqrt(200) eps of the level; the
# mean of 17 * 28 * 28 of them is off by sqrt(17 * 28 * 28) less, which is 7e-5 of the pattern. A
# drop of 0.09 dB takes 1 % of the line's amplitude, so that it is off by 20 / ln(10) * 0.01 * 7e-5.
# Outputs computed in two ways differ by 1e-5 or more in one of the two steps, whatever the CPU.
SINGLE_PRECISION = {"sinc": 6e-6}


@pytest.fixture(scope="module", autouse=True)
def _small_flat_fields():
    with small_flat_fields():
        yield


def smooth(side):
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(COUNT, 3, side + 8, side + 8, generator=generator)
    pictures = nn.functional.avg_pool2d(noise, 9, stride=1)
    return 3 * (pictures - pictures.mean()) + 0.5


def latents():
    return torch.randn(COUNT, 16, 4, 4, generator=torch.Generator().manual_seed(0))


def shuffled():
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2, padding=1),
        nn.GELU(),
        nn.Conv2d(16, 64, 3, padding=1),
        nn.PixelShuffle(2),
        nn.GELU(),
        nn.Conv2d(16, 3, 3, padding=1),
    )


def generator_of_pictures():
    blocks = [
        layer
        for _ in range(3)
        for layer in (nn.ConvTranspose2d(16, 16, 4, 2, 1), nn.BatchNorm2d(16), nn.LeakyReLU(0.2))
    ]
    return nn.Sequential(*blocks, nn.Conv2d(16, 3, 3, padding=1), nn.Tanh())


def normalised():
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.Upsample(scale_factor=2),
        nn.InstanceNorm2d(16),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 3, 3, stride=2, padding=1, output_padding=1),
    )


DECODERS = {
    "small": (small, lambda: smooth(28)),
    "sinc": (lctc_sinc, lambda: smooth(28)),
    "shuffle": (shuffled, lambda: smooth(40)),
    "generator": (generator_of_pictures, latents),
    "normalised": (normalised, lambda: smooth(28)),
}
SLOW = dict.fromkeys(("small", "sinc", "normalised"), pytest.mark.slow)


def numbers(tree: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield place and value of everything in a JSON tree."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from numbers(value, f"{path}/{key}")
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from numbers(value, f"{path}/{index}")
    else:
        yield path, tree


def measured(model, inputs, batch, *, blame=False):
    """Return every number of a summary, but for when and how fast it ran."""
    options = spectra.Options(batch=batch, blame=blame)
    summary = spectra.analyze(model, inputs, options=options).summary
    tree = json.loads(encode_summary(summary))
    del tree["created"], tree["run"]
    return dict(numbers(tree))


def differing(one, other, *, atol=TOLERANCE):
    """Return what two runs tell otherwise, by more than the tolerance."""
    assert one.keys() == other.keys()
    return {
        path: (value, other[path])
        for path, value in one.items()
        if value != other[path]
        and not (
            isinstance(value, float)
            and value == pytest.approx(other[path], rel=TOLERANCE, abs=atol)
        )
    }


def decoder(name, dtype):
    torch.manual_seed(3)
    make, inputs = DECODERS[name]
    return make().eval().to(dtype), inputs()


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n == "shuffle" else pytest.mark.slow) for n in DECODERS]
)
def test_every_number_is_the_same_in_batches_of_1_5_and_16(name):
    """In double precision, in which it does not matter how torch computes a convolution."""
    model, inputs = decoder(name, torch.float64)
    blame = name == "normalised"  # one will do: its passes are most of the time of the suite here
    expected = measured(model, inputs, 1, blame=blame)
    for batch in (5, 16):
        assert differing(measured(model, inputs, batch, blame=blame), expected) == {}


@pytest.fixture
def alike():
    """Have torch compute an input alone as among others, bit by bit: no oneDNN, no NNPACK."""
    mkldnn, *_ = torch.backends.mkldnn.set_flags(False)
    (nnpack,) = torch.backends.nnpack.set_flags(False)
    yield
    torch.backends.mkldnn.set_flags(mkldnn)
    torch.backends.nnpack.set_flags(nnpack)


@pytest.mark.usefixtures("alike")
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n == "shuffle" else pytest.mark.slow) for n in DECODERS]
)
def test_every_number_is_the_same_in_single_precision_where_the_maps_are(name):
    """What differs between batches is what torch's own kernels round otherwise, and no more."""
    model, inputs = decoder(name, torch.float32)
    with torch.no_grad():
        assert torch.equal(torch.cat([model(one) for one in inputs.split(1)]), model(inputs))
    assert differing(measured(model, inputs, 1), measured(model, inputs, 16)) == {}


@pytest.mark.parametrize("name", [pytest.param(n, marks=SLOW.get(n, ())) for n in DECODERS])
def test_the_line_drop_is_the_same_where_torch_computes_single_inputs_otherwise(name):
    """In single precision a convolution of one small input is not that of several, by rounding."""
    model, inputs = decoder(name, torch.float32)
    one, many = (
        {path: v for path, v in measured(model, inputs, b).items() if "line_drop_db" in path}
        for b in (1, 16)
    )
    assert one
    assert differing(one, many, atol=SINGLE_PRECISION.get(name, TOLERANCE)) == {}


def test_a_model_that_draws_numbers_draws_the_same_with_and_without_a_pattern():
    """So much noise that nothing could be told of a drop between two draws of it."""

    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.up = nn.ConvTranspose2d(3, 3, 3, stride=2, padding=1, output_padding=1)

        def forward(self, x):
            y = self.up(x)
            return y + 2 * torch.randn(1, 3, 2, 2).repeat(1, 1, *(n // 2 for n in y.shape[2:]))

    inputs = smooth(28)
    rows = [
        measured(Noisy(), inputs, batch)["/steps/0/at_output/line_drop_db"] for batch in (1, 16)
    ]
    assert rows[0] == pytest.approx(rows[1], abs=0.01)
