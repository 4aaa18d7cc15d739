"""Content that all maps share is set apart before the test; a grid in it is not."""

from dataclasses import replace

import numpy as np
import pytest
import skimage.data
import torch
from torch import nn

import spectra
from spectra import Options, spectrum
from spectra.gather._apart import _agree

SIDE = 64
PLAIN = Options(blame=False)


class Over(nn.Module):
    """A step, and something fixed that is added to what comes out of it."""

    def __init__(self, fixed, *, mode="sinc"):
        super().__init__()
        self.register_buffer("fixed", torch.as_tensor(fixed, dtype=torch.float32))
        self.mode = mode

    def forward(self, x):
        if self.mode == "sinc":
            pad = (x.shape[-1] // 2,) * 4
            centred = torch.fft.fftshift(torch.fft.fft2(x), dim=(-2, -1))
            wide = torch.fft.ifftshift(nn.functional.pad(centred, pad), dim=(-2, -1))
            return torch.fft.ifft2(wide).real * 4 + self.fixed
        return nn.functional.interpolate(x, scale_factor=2, mode=self.mode) + self.fixed


def fields(seed, *, side=SIDE // 2, count=16):
    """Return smooth random fields, of power 1 / f^2 per bin, some .06 in root mean square."""
    rng = np.random.default_rng(seed)
    f = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None])
    gain = 1 / np.maximum(f, 1 / side)
    noise = np.fft.ifft2(np.fft.fft2(rng.standard_normal((count, 1, side, side))) * gain).real
    return torch.tensor(noise / noise.std() * 0.06, dtype=torch.float32)


def bars():
    """Return bars that are not periodic, of edges as sharp as a pixel."""
    shape = torch.zeros(1, SIDE, SIDE)
    shape[:, 20:22] = 0.3
    shape[:, 41:43] = 0.3
    shape[:, :, 30:33] = 0.2
    return shape


def board(amplitude):
    """Return a checkerboard."""
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    return amplitude * (-1.0) ** (y + x)[None]


def analysed(model, inputs):
    return spectra.analyze(model.eval(), inputs, options=PLAIN).summary


def interior_power(model, inputs):
    """Return the variance of the outputs within an eighth of a side, as the score sees maps."""
    with torch.no_grad():
        inner = model(inputs)[..., 8:-8, 8:-8].double()
    return float((inner - inner.mean((-2, -1), keepdim=True)).square().mean())


def test_bars_in_many_outputs_are_told_by_a_few_of_them():
    """Sixteen of 64 inputs run for the rough mean, whatever the others hold."""
    ran = []
    net = Over(bars())
    net.register_forward_pre_hook(lambda _, given: ran.append(len(given[0])))
    summary = analysed(net, fields(0, count=64))
    assert summary.verdict == "none"
    total = interior_power(Over(bars()), fields(0, count=64))
    alone = interior_power(Over(torch.zeros(1, SIDE, SIDE)), fields(0, count=64))
    share = summary.output.score.content_share
    assert share == pytest.approx(1 - alone / total, abs=0.1)
    assert 3 * 64 + 16 <= sum(ran) < 4 * 64


def test_where_none_of_the_few_is_of_use_all_tell_alone(monkeypatch):
    from spectra.gather import _apart

    monkeypatch.setattr(_apart._Again, "_measure", _nothing_of_the_few(_apart._Again._measure))
    summary = analysed(Over(bars()), fields(0, count=40))
    assert summary.verdict == "none"
    assert summary.output.score.content_share > 0.3


def _nothing_of_the_few(measure):
    def measured(self, into, parts, part):
        from spectra.gather._sums import Sums

        return Sums({}) if parts is self.few else measure(self, into, parts, part)

    return measured


def test_bars_that_stand_in_every_output_are_no_grid():
    summary = analysed(Over(bars()), fields(0))
    assert summary.verdict == "none"
    score = summary.output.score
    assert score.whole_p == pytest.approx(1 / 2000)  # which the test alone takes for a grid
    total = interior_power(Over(bars()), fields(0))
    alone = interior_power(Over(torch.zeros(1, SIDE, SIDE)), fields(0))
    assert score.content_share == pytest.approx(1 - alone / total, abs=0.1)


@pytest.mark.parametrize("amplitude", [0.1, 0.03])
def test_a_checkerboard_over_the_bars_is_present_at_its_own_energy(amplitude):
    model = Over(bars() + board(amplitude))
    score = analysed(model, fields(1)).output.score
    assert score.verdict == "present"
    share = amplitude**2 / interior_power(model, fields(1))
    assert score.asr_dbc == pytest.approx(10 * np.log10(share / (1 - share)), abs=1)


def test_a_checkerboard_alone_is_no_content():
    model = Over(board(8 / 255), mode="bicubic")
    score = analysed(model, fields(2)).output.score
    assert score.verdict == "present"
    assert score.content_share is None
    share = (8 / 255) ** 2 / interior_power(model, fields(2))
    assert score.asr_dbc == pytest.approx(10 * np.log10(share / (1 - share)), abs=1)


def test_replicas_of_what_differs_are_found_beside_fixed_content():
    """Their power is that of the same maps without it; the total is that of both."""
    inputs = fields(3, count=24)
    plain = Over(torch.zeros(1, SIDE, SIDE), mode="nearest")
    shared = Over(bars(), mode="nearest")
    alone, beside = (analysed(model, inputs).output.score for model in (plain, shared))
    assert beside.verdict == "present"
    assert beside.content_share is not None
    power = 10 ** (alone.asr_dbc / 10) / (1 + 10 ** (alone.asr_dbc / 10))
    share = power * interior_power(plain, inputs) / interior_power(shared, inputs)
    assert beside.asr_dbc == pytest.approx(10 * np.log10(share / (1 - share)), abs=1)


def test_inputs_run_again_only_where_maps_share_content():
    def stages(fixed):
        seen = []
        model = Over(fixed, mode="bilinear").eval()
        tell = lambda stage, *_: seen.append(stage)  # noqa: E731
        spectra.analyze(model, fields(4), options=PLAIN, progress=tell)
        return set(seen)

    nothing = stages(torch.zeros(1, SIDE, SIDE))
    assert stages(bars()) == nothing | {"fixed content"}


def content_of(maps, *periods):
    """Return the fixed content of maps, in space: the windowed tiles of the first view."""
    plan = spectrum.plan_maps(maps.shape[1:], *periods, count=len(maps))
    mean = None
    for _ in range(2):
        mean = spectrum.MapStatistics.mean_spectra(plan, near=mean)
        mean.add(torch.as_tensor(maps), first=0, inputs=len(maps))
    tile = plan.views[0].tile
    half = (*tile[:-1], tile[-1] // 2 + 1)
    spectra = mean.content()[0].spectra[0, :, 0].reshape(-1, *half)
    return torch.fft.irfftn(spectra, s=tile, norm="forward", dim=tuple(range(-len(tile), 0)))


@pytest.mark.parametrize(
    ("shape", "period"), [((2, 512), (4,)), ((3, SIDE, SIDE), (4, 4)), ((1, 24, 24, 24), (2,) * 3)]
)
def test_content_is_what_is_left_of_the_mean_without_its_lines(shape, period):
    """Of noise that all maps share with a line, the noise is content."""
    rng = np.random.default_rng(0)
    line = np.broadcast_to(np.cos(2 * np.pi / period[-1] * np.arange(shape[-1])), shape)
    own = 1e-3 * rng.standard_normal((16, *shape))
    rough = rng.standard_normal(shape)
    alone, both = (content_of(own + rough + a * line, period) for a in (0, 3))
    assert float(content_of(own + 3 * line, period).std()) < 1e-3
    # under the line is as much of the noise as in any other bin, and the line is three of them
    assert float((both - alone).std()) < 0.2 * float(alone.std())


def test_the_mean_is_not_that_of_the_strongest_map():
    """One map is a thousand times the others: less of it is left than of any of them."""
    rng = np.random.default_rng(1)
    fixed, own = rng.standard_normal((1, SIDE, SIDE)), rng.standard_normal((16, 1, SIDE, SIDE))
    own[0] *= 1000
    plain = content_of(np.repeat(fixed[None], 16, axis=0), (2, 2))
    found = content_of(fixed + 0.1 * own, (2, 2))
    assert float((found - plain).std()) < 0.1 / np.sqrt(15) * 1.5


@pytest.mark.parametrize(("share", "expected"), [(0.0, False), (0.01, False), (0.5, True)])
def test_phases_agree_where_maps_share_content(share, expected):
    """Also where a few maps are much stronger than what is shared; a line is no content."""
    rng = np.random.default_rng(5)
    for strong in (1, 100):
        fixed, own = rng.standard_normal((1, SIDE, SIDE)), rng.standard_normal((16, 1, SIDE, SIDE))
        own[:4] *= strong
        maps = np.sqrt(share) * fixed + np.sqrt(1 - share) * own + 5 * board(1.0).numpy()
        sums = spectrum.MapStatistics(spectrum.plan_maps(maps.shape[1:], (2, 2), count=16))
        sums.update(torch.tensor(maps), first=0)
        assert _agree(sums.to_dataset()) == expected


@pytest.mark.slow
def test_photographs_over_a_fixed_one_have_no_grid():
    """Identity decoders; some crops are flat where others have edges, all over the same picture."""
    rng, present, suspect = np.random.default_rng(6), 0, 0
    whole = [skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea()]

    def crop(side):
        picture = whole[rng.integers(len(whole))]
        y, x = (rng.integers(n - side) for n in picture.shape[:2])
        part = picture[y : y + side, x : x + side] / 255
        return torch.tensor(part, dtype=torch.float32).permute(2, 0, 1)

    class Identity(nn.Module):
        def forward(self, x):
            return 0.5 * nn.functional.pixel_shuffle(x, 2) + fixed

    for _ in range(12):
        fixed = crop(SIDE)
        inputs = torch.stack([nn.functional.pixel_unshuffle(crop(SIDE), 2) for _ in range(24)])
        score = analysed(Identity(), inputs).output.score
        assert score.whole_p is not None
        present, suspect = present + (score.p <= 0.001), suspect + (score.p < 0.05)
    assert present == 0
    assert suspect <= 3  # of 12, at a rate of .05: p = .002


def test_what_the_model_draws_at_random_is_no_grid_beside_fixed_content():
    class Noisy(Over):
        def forward(self, x):
            return super().forward(x) + 0.01 * torch.randn(len(x), 1, SIDE, SIDE)

    inputs = fields(6)
    first = analysed(Noisy(bars()), inputs)
    torch.manual_seed(7)
    again = spectra.analyze(Noisy(bars()).eval(), inputs, options=replace(PLAIN, batch=4))
    assert first.verdict == again.summary.verdict == "none"
