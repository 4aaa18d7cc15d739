"""A grid that no step has is traced to the first module that shows it."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from spectra import Options, capture, gather, score
from spectra.inputs import open_inputs
from spectra.probe._origin import Origin, _is_nobodys, first_module
from spectra.score import Score

SIDE = 32


class Sinc(nn.Module):
    """Enlarge twofold without any replica."""

    def forward(self, x):
        pad = [n // 2 for n in (x.shape[-1], x.shape[-1], x.shape[-2], x.shape[-2])]
        centred = torch.fft.fftshift(torch.fft.fft2(x), dim=(-2, -1))
        wide = torch.fft.ifftshift(nn.functional.pad(centred, pad), dim=(-2, -1))
        return torch.fft.ifft2(wide).real * 4


def board(side, period):
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    return ((y % period == 0) & (x % period == 0)).float()


class Mask(nn.Module):
    """Darken some pixels by a tenth."""

    def forward(self, x):
        return x * (1 - 0.1 * board(x.shape[-1], 2))


class Held(nn.Module):
    """The same mask as a buffer, which can be scripted."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mask", 1 - 0.1 * board(2 * SIDE, 2))

    def forward(self, x):
        return x * self.mask


class Tiles(nn.Module):
    """A layer that is run tile by tile, and is off by a little in the first row of each."""

    def __init__(self, tile):
        super().__init__()
        self.tile, self.mix = tile, nn.Conv2d(3, 3, 1)

    def forward(self, x):
        rows = [x[:, :, i : i + self.tile] for i in range(0, x.shape[2], self.tile)]
        done = []
        for row in rows:
            mixed = self.mix(row)
            done.append(torch.cat([1.1 * mixed[:, :, :1], mixed[:, :, 1:]], dim=2))
        return torch.cat(done, dim=2)


class Table(nn.Module):
    """Two steps; the code adds a position table between two layers."""

    def __init__(self):
        super().__init__()
        self.up, self.first, self.last = Sinc(), nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)
        self.table = nn.Parameter(0.3 * board(2 * SIDE, 2)[None, None])

    def forward(self, x):
        return self.last(self.first(self.up(x)) + self.table)


class Strided(nn.Module):
    """An encoder that takes the mean of neighbours, each pixel apart, then puts them back."""

    def forward(self, x):
        halves = [x[..., i::2] for i in (0, 1)]
        halves[1] = 0.9 * halves[1]
        return torch.stack(halves, dim=-1).flatten(-2)


def traced(net, inputs):
    torch.manual_seed(0)
    net, inputs, options = net.eval(), open_inputs(inputs), Options()

    def silent(stage, done, total):
        pass

    with capture.quiet(net):
        example = capture.example_input(net, inputs)
        found = capture.find_steps(net, example, options, progress=silent)
        passed = gather.run(net, found, inputs, options, progress=silent)
        passed = gather.without_fixed_content(net, passed, inputs, options, progress=silent)
        scores = score.run(passed, inputs, seed=0, progress=silent)
        return first_module(net, passed, scores, inputs, seed=0, progress=silent), scores


def pictures(seed=0, side=SIDE):
    return torch.rand(16, 3, side, side, generator=torch.Generator().manual_seed(seed))


def conv():
    return nn.Conv2d(3, 3, 1)


DECODERS = {
    "a mask": (nn.Sequential(Sinc(), conv(), Mask(), conv()), Origin("2", "Mask")),
    "a mask between two steps": (
        nn.Sequential(Sinc(), conv(), nn.Sequential(Mask(), conv()), Sinc(), conv()),
        Origin("2.0", "Mask", within="2"),
    ),
    "tiles": (
        nn.Sequential(Sinc(), Sinc(), conv(), Tiles(4), conv()),
        Origin("3", "Tiles"),
    ),
    "a table": (Table(), Origin("last", "Conv2d", entered=True)),
    "columns apart": (nn.Sequential(conv(), Sinc(), Strided(), conv()), Origin("2", "Strided")),
}


@pytest.mark.parametrize("name", DECODERS)
def test_a_grid_of_no_step_is_traced_to_the_module_that_makes_it(name):
    net, expected = DECODERS[name]
    found, scores = traced(net, pictures())
    assert scores.output.verdict == "present"
    assert found == expected


def test_what_a_clean_step_leaves_below_the_floors_is_not_the_grid():
    """Bilinear enlargement of smooth pictures is surely above zero, and far below the mask."""
    up = nn.ConvTranspose2d(3, 3, 4, stride=2, padding=1, bias=False, groups=3)
    taps = torch.tensor([0.25, 0.75, 0.75, 0.25])
    with torch.no_grad():
        up.weight.copy_((taps[:, None] * taps).expand(3, 1, 4, 4))
    smooth = nn.functional.interpolate(pictures(side=8), scale_factor=4, mode="bicubic")
    found, _ = traced(nn.Sequential(up, conv(), Mask()), smooth)
    assert found == Origin("2", "Mask")


class Added(nn.Module):
    """Add the same board to all maps."""

    def forward(self, x):
        return x + 0.1 * board(x.shape[-1], 2)


def test_a_grid_of_few_pictures_of_unlike_contrast_is_traced_by_what_the_output_has():
    """It is a large share of the flat ones alone: its mean is less than four standard errors."""
    contrast = torch.logspace(-1.5, 0.5, 16).view(-1, 1, 1, 1)
    found, scores = traced(nn.Sequential(Sinc(), Sinc(), Added(), nn.ReLU()), contrast * pictures())
    assert scores.output.verdict == "present"
    assert found == Origin("2", "Added")


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("freeze", [torch.jit.script, lambda n: torch.jit.trace(n, pictures())])
def test_nothing_is_told_of_what_is_within_a_script(freeze):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), conv(), Held())
    found, scores = traced(freeze(net.eval()), pictures())
    assert scores.output.verdict == "present"
    assert found is None


def test_a_grid_among_many_modules_is_found_by_halving():
    layers = [conv() for _ in range(60)]
    net = nn.Sequential(Sinc(), *layers[:41], Mask(), *layers[41:])
    with torch.no_grad():
        for layer in layers:
            layer.weight.copy_(torch.eye(3)[:, :, None, None])
            layer.bias.zero_()
    found, _ = traced(net, pictures())
    assert found == Origin("42", "Mask")


def test_a_grid_far_stronger_than_that_of_any_step_is_none_of_theirs():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Upsample(scale_factor=2, mode="bicubic"), conv(), Mask())
    smooth = nn.functional.interpolate(pictures(side=8), scale_factor=4, mode="bicubic")
    found, scores = traced(net, smooth)
    assert scores.steps[0].own.verdict == "present"
    assert found == Origin("2", "Mask")


def test_what_steps_make_together_is_no_modules():
    """Noise about a mean, twice enlarged by taps (1, a): each adds a line of (1 - a) / 2 of it.

    Its share of each step's own maps is over all that came to it, the line before it too, so that
    the output has far more than either: the product of 1 + what each adds.
    """
    net = nn.Sequential(*[nn.ConvTranspose1d(1, 1, 2, stride=2, bias=False) for _ in range(2)])
    for up, a in zip(net, (0.81, 0.6), strict=True):
        up.weight.data = torch.tensor([[[1.0, a]]])
    noise = torch.randn(16, 1, 512, generator=torch.Generator().manual_seed(0))
    found, scores = traced(net, 20 + noise)
    assert found is None
    most = max(step.own.told_dbc for step in scores.steps)
    assert scores.output.told_dbc > most + 6


@pytest.mark.parametrize(
    "net",
    [
        nn.Sequential(Sinc(), conv()),
        nn.Sequential(nn.ConvTranspose2d(3, 3, 3, stride=2, padding=1, output_padding=1), conv()),
    ],
)
def test_nothing_is_traced_where_there_is_no_grid_or_a_step_has_it(net):
    found, _ = traced(net, pictures())
    assert found is None
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())


def test_a_step_of_which_only_the_least_is_known_may_have_all_of_it():
    output = Score(asr_dbc=8.0, verdict="present")
    least = Score(asr_lower_dbc=-0.3, verdict="present")
    known = Score(asr_dbc=-0.3, verdict="present")
    for own, nobodys in ((least, False), (known, True)):
        scores = SimpleNamespace(output=output, steps=[SimpleNamespace(own=own)])
        assert _is_nobodys(scores, None) == nobodys


def test_what_comes_out_of_a_steps_own_layer_is_the_steps(monkeypatch):
    """Whatever the scores say of it: its maps are what the step makes."""
    monkeypatch.setattr("spectra.probe._origin._is_nobodys", lambda *_: True)
    found, scores = traced(
        nn.Sequential(conv(), nn.ConvTranspose2d(3, 3, 2, 2), conv()), pictures()
    )
    assert scores.output.verdict == "present"
    assert found is None
