"""The parts of the networks against closed forms, slow definitions and other libraries."""

import importlib
import importlib.util
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from spectra import models
from spectra.load._spandrel import _hull
from spectra.models._convnext import ConvNeXt
from spectra.models._disparity import NormedConv, RegressionHead, transported
from spectra.models._local_mean import LocalMean
from spectra.models._norms import ChannelNorm
from spectra.models._pair_norm import PairNorm
from spectra.models._relative_attention import RelativeAttention, relative_positions
from spectra.models._resnet import ResNet
from spectra.models._vit import ViT
from support.filled import digest, fill, picture


@pytest.fixture
def their_nafnet(monkeypatch):
    """Return spandrel's NAFNet, imported without the rest of spandrel."""
    if importlib.util.find_spec("spandrel") is None:
        pytest.skip("spandrel is not installed")
    for name in [name for name in sys.modules if name.partition(".")[0] == "spandrel"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with _hull():
        return importlib.import_module("spandrel.architectures.NAFNet").NAFNet


def test_nafnet_computes_what_spandrel_s_does(their_nafnet):
    ours = fill(models.NAFNet(8, encoder_blocks=(1, 2), middle_blocks=2, decoder_blocks=(1, 1)))
    theirs = their_nafnet(
        width=8, enc_blk_nums=[1, 2], middle_blk_num=2, dec_blk_nums=[1, 1]
    ).eval()
    theirs.load_state_dict(ours.state_dict(), strict=True)
    for sides in ((48, 64), (37, 50)):
        x = picture(2, 3, *sides)
        with torch.no_grad():
            torch.testing.assert_close(ours(x), theirs(x), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("options", "channels", "expected"),
    [
        ({}, 3, 0.112731),
        ({"norm_bias": False}, 3, -0.438025),
        ({"in_channels": 6, "dual_pixel": True}, 6, 0.152577),
    ],
)
def test_restormer_computes_what_the_reference_did(options, channels, expected):
    """Golden values: spandrel-extra-arches 0.2.0, same weights, largest difference 2e-6."""
    net = fill(models.Restormer(8, blocks=(1, 1, 1, 1), refinement=1, **options))
    with torch.no_grad():
        assert digest(net(picture(1, channels, 32, 48))) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("make", "sides", "expected"),
    [
        (
            lambda: ResNet((1, 1, 1, 1)),
            (64, 96),
            (-0.158879, 1.839629, -0.139706, 0.126498),
        ),
        (
            lambda: ResNet((1, 1, 1, 1), bottleneck=True),
            (64, 96),
            (-0.078409, -0.013815, -0.012425, 0.112407),
        ),
        (
            lambda: ConvNeXt((1, 1, 2, 1), width=16),
            (64, 96),
            (1.140374, 0.462088, -0.203058, -0.330382),
        ),
        (lambda: ViT(32, 2, 2, taken=(0, 1)), (224, 224), (0.593613, 0.659694)),
    ],
)
def test_an_encoder_computes_what_timm_s_did(make, sides, expected):
    """Golden values: timm 1.0.31, same weights, largest difference 6e-6."""
    net = fill(make())
    with torch.no_grad():
        maps = net(picture(1, 3, *sides))
    found = [digest(m) for m in maps[-len(expected) :]]
    assert found == pytest.approx(expected, abs=2e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet18", "resnet50", "convnext_tiny"])
def test_an_encoder_computes_what_timm_s_does(name):
    timm = pytest.importorskip("timm")
    ours = fill(models.UNet(name).encoder)
    theirs = timm.create_model(name, pretrained=False).eval()
    loaded = theirs.load_state_dict(ours.state_dict(), strict=False)
    assert loaded.unexpected_keys == []
    assert {key.partition(".")[0] for key in loaded.missing_keys} <= {"fc", "head"}
    x = picture(2, 3, 96, 64)
    with torch.no_grad():
        maps = theirs.forward_intermediates(x, intermediates_only=True)[-4:]
        for mine, other in zip(ours(x)[-4:], maps, strict=True):
            torch.testing.assert_close(mine, other, atol=1e-5, rtol=0)


@pytest.mark.parametrize("window", [3, 4, 7])
def test_a_local_mean_is_average_pooling_clamped_at_the_border(generator, window):
    x = torch.rand(2, 3, 12, 9, generator=generator)
    inner = functional.avg_pool2d(x, window, stride=1)
    before, rest = (window - 1) // 2, (window - 1) - (window - 1) // 2
    expected = functional.pad(inner, [before, rest] * 2, mode="replicate")
    torch.testing.assert_close(LocalMean(window)(x), expected)


def test_a_local_mean_of_a_map_within_the_window_is_the_mean_of_the_map(generator):
    x = torch.rand(2, 3, 12, 9, generator=generator)
    torch.testing.assert_close(LocalMean(12)(x), x.mean((2, 3), keepdim=True))


def test_local_statistics_change_nothing_where_the_window_holds_the_picture():
    net = fill(models.nafnet_small())
    local, x = models.nafnet_small(local=96).eval(), picture(1, 3, 64, 96)
    local.load_state_dict(net.state_dict())
    torch.testing.assert_close(local(x), net(x))
    assert not torch.allclose(local(x.repeat(1, 1, 2, 2)), net(x.repeat(1, 1, 2, 2)))


def test_the_window_of_local_statistics_halves_with_the_map():
    net = models.NAFNet(4, encoder_blocks=(1, 1), decoder_blocks=(1, 1), local=384)
    windows = [m.window for m in net.modules() if isinstance(m, LocalMean)]
    assert windows == [384, 192, 96, 192, 384]


def test_a_channel_norm_is_layer_normalisation_of_each_pixel(generator):
    x = torch.randn(2, 6, 4, 5, generator=generator)
    norm = ChannelNorm(6)
    expected = functional.layer_norm(x.movedim(1, -1), (6,), eps=1e-6).movedim(-1, 1)
    torch.testing.assert_close(norm(x), expected)


def test_a_norm_without_bias_keeps_the_mean(generator):
    x = 5 + torch.randn(1, 6, 4, 5, generator=generator, dtype=torch.float64)
    expected = x / (x.var(1, correction=0, keepdim=True) + 1e-6).sqrt()
    torch.testing.assert_close(ChannelNorm(6, bias=False).double()(x), expected)


def test_a_pair_norm_is_batch_normalisation_of_each_pair_in_training(generator):
    x = torch.randn(6, 4, 5, 3, generator=generator)  # three pairs: 0 3, 1 4, 2 5
    ours, theirs = PairNorm(4).eval(), nn.BatchNorm2d(4).train()
    for pair in range(3):
        views = [pair, pair + 3]
        torch.testing.assert_close(ours(x)[views], theirs(x[views]))


def attention_by_definition(layer, query, source, mask):
    """Attention of one row with a loop over all pairs of pixels."""
    width, channels = query.shape
    d = channels // layer.heads
    weights = layer.in_proj_weight.detach().double().numpy().reshape(3, channels, channels)
    biases = layer.in_proj_bias.detach().double().numpy().reshape(3, channels)
    out = layer.out_proj.weight.detach().double().numpy()

    def project(part, x):
        return x @ weights[part].T + biases[part]

    def position(distance):
        return np.array(
            [
                (np.cos if c % 2 else np.sin)(distance / 10000 ** ((c - c % 2) / channels))
                for c in range(channels)
            ]
        )

    raw = np.zeros((width, width))
    mixed = np.zeros((width, channels))
    for h in range(layer.heads):
        own = slice(h * d, (h + 1) * d)
        logits = np.zeros((width, width))
        for i in range(width):
            for j in range(width):
                far = position(i - j)
                q, k = project(0, query[i])[own], project(1, source[j])[own]
                q_far, k_far = project(0, far)[own], project(1, far)[own]
                logits[i, j] = (q @ k + q @ k_far + q_far @ k) / d**0.5 + mask[i, j]
        raw += logits
        shares = np.exp(logits - logits.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        mixed[:, own] = shares @ np.stack([project(2, source[j])[own] for j in range(width)])
    return mixed @ out.T, raw


@pytest.mark.parametrize("masked", [False, True])
def test_relative_attention_is_its_definition(rng, masked):
    layer = RelativeAttention(8, 2).double()
    nn.init.normal_(layer.in_proj_bias)
    query, source = rng.normal(size=(5, 8)), rng.normal(size=(5, 8))
    mask = np.triu(np.full((5, 5), -np.inf), 1) if masked else np.zeros((5, 5))
    positions = relative_positions(5, 8).double()
    change, raw = layer(
        torch.from_numpy(query)[None],
        torch.from_numpy(source)[None],
        positions,
        torch.from_numpy(mask),
    )
    expected, table = attention_by_definition(layer, query, source, mask)
    np.testing.assert_allclose(change[0].detach(), expected, atol=1e-6)  # positions are float32
    np.testing.assert_allclose(raw[0].detach(), table, atol=1e-6)


def test_transport_is_sinkhorn_s_scaling_of_the_weights_in_turns(rng):
    """The same in plain numbers: columns first, then rows, ten times."""
    alike, nothing = rng.normal(size=(5, 5)), 0.3
    weights = np.exp(np.pad(alike, (0, 1), constant_values=nothing))
    share = np.array([1, 1, 1, 1, 1, 5])
    rows = np.ones(6)
    for _ in range(10):
        columns = share / (rows @ weights)
        rows = share / (weights @ columns)
    expected = rows[:, None] * weights * columns
    plan = transported(torch.from_numpy(alike), torch.tensor(nothing).double())
    np.testing.assert_allclose(plan, expected, rtol=1e-6)  # 0.3 is a float32
    np.testing.assert_allclose(plan.sum(-1), share)


def test_a_clear_match_becomes_its_disparity():
    alike = torch.full((1, 2, 12, 12), -20.0)
    for i in range(3, 12):
        alike[..., i, i - 3] = 20.0
    head = RegressionHead(4)
    coarse = head(alike.reshape(2, 12, 12), torch.rand(1, 3, 8, 48)).coarse
    torch.testing.assert_close(coarse[..., 12:], torch.full((1, 1, 8, 36), 12.0))


def test_a_normed_convolution_is_pytorch_s_weight_normalisation(generator):
    ours = NormedConv(3, 5)
    nn.init.uniform_(ours.weight_g)
    theirs = nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 5, 3, padding=1))
    theirs.load_state_dict(ours.state_dict())  # it knows the old names
    x = torch.randn(1, 3, 6, 6, generator=generator)
    torch.testing.assert_close(ours(x), theirs(x))


def test_sttr_computes_what_the_reference_s_arithmetic_did():
    """Golden values: its equations on torch alone, blocks of timm, in float64; off by 2e-7."""
    net = fill(models.STTR(4, layers=3)).double()
    views = picture(2, 3, 122, 130).double()
    with torch.no_grad():
        found = net.match(views[:1], views[1:])
    assert digest(found.disparity) == pytest.approx(0.534061, abs=1e-6)
    assert digest(found.coarse) == pytest.approx(1.139475, abs=1e-6)
    assert digest(found.occlusion) == pytest.approx(-0.026496, abs=1e-6)


def test_no_pair_changes_another():
    net = fill(models.STTR(2, layers=1))
    left, right = picture(2, 3, 122, 130), picture(2, 3, 122, 130).flip(0)
    both = net.match(left, right).disparity
    torch.testing.assert_close(both[1:], net.match(left[1:], right[1:]).disparity)


def test_shifted_views_have_the_disparity_of_the_shift():
    """Random weights suffice: a pixel's token resembles that of the same point best."""
    torch.manual_seed(0)
    net = models.sttr_small().eval()
    nn.init.constant_(net.correlation.sharpness, 7.0)
    scene = torch.rand(1, 3, 128, 192, generator=torch.Generator().manual_seed(1))
    shift = 32  # a multiple of 16, of which the smallest map knows nothing finer
    disparity = net.match(scene[..., :-shift], scene[..., shift:]).disparity
    inner = disparity[..., 32:-32, shift + 24 : -24]
    assert abs(inner.median() - shift) < 1


def test_the_u_net_joins_each_step_with_the_encoder_s_map_of_its_size():
    """The wiring of the paper's code: the encoder's channels first, a ReLU before the last step."""
    net = fill(models.UNet("resnet18", classes=3, width=8))
    x = picture(1, 3, 64, 96)
    with torch.no_grad():
        stem, *maps = net.encoder(x)
        y = net.decoder1(maps.pop())
        for decoder in (net.decoder2, net.decoder3, net.decoder4):
            y = decoder.up_conv(torch.cat([maps.pop(), decoder.up(y)], 1))
        y = functional.relu(net.last["conv"](torch.cat([stem, y], 1)))
        expected = net.last["out"](net.last["lastup"](y))
        torch.testing.assert_close(net(x), expected)


@pytest.mark.parametrize(("block", "taps"), [("e", {7}), ("f", {7, 3})])
def test_the_u_net_has_the_blocks_that_were_asked_for(block, taps):
    net = models.UNet("resnet18", width=8, block=block)
    convs = [m for m in net.decoder3.up_conv.modules() if isinstance(m, nn.Conv2d)]
    assert {conv.kernel_size[0] for conv in convs} == taps


def test_the_dense_prediction_decoder_fuses_from_the_smallest_map_up():
    net = fill(models.vit_dpt_small(classes=3))
    x = picture(1, 3, 64, 96)

    def twice(m):
        return functional.interpolate(m, scale_factor=2, mode="bilinear", align_corners=False)

    with torch.no_grad():
        maps = []
        for part, m in zip(net.reassemble, net.encoder(x), strict=True):
            maps.append(part.layer(part.resize(part.project(m))))
        assert [m.shape[-1] for m in maps] == [24, 12, 6, 3]
        y = 0
        for number, fuse in enumerate(net.fusion):
            beside = maps.pop()
            y = y + beside + fuse.beside(beside) if number else beside
            y = fuse.project(twice(y + fuse.both(y)))
        torch.testing.assert_close(net(x), twice(net.head(y)))


def test_the_left_view_comes_first_along_the_channels():
    net = fill(models.sttr_small())
    left, right = picture(2, 3, 122, 130).chunk(2)
    with torch.no_grad():
        found = net(torch.cat([left, right], 1))
        torch.testing.assert_close(found, net.match(left, right).disparity)
        assert not torch.allclose(found, net.match(right, left).disparity)


def test_a_single_picture_is_its_own_partner():
    net = fill(models.sttr_small())
    x = picture(1, 3, 122, 130)
    with torch.no_grad():
        torch.testing.assert_close(net(x), net.match(x, x).disparity)
