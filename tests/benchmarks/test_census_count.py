"""The independent count of growing calls, on modules whose calls are known by hand."""

from collections import Counter

import pytest
import torch
import torch.nn.functional as F
from census.catalogue import OUTSIDE, Adapter, Decoder, enlivened, everything, part
from census.count import Count, Site, count
from torch import nn


class Calling(nn.Module):
    """Runs one function, with weights to hand."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.table = nn.Parameter(torch.rand(1, 4, 4, 4))

    def forward(self, x):
        return self.function(self, x)


def counted(function, shape=(1, 4, 8, 8)):
    model = nn.Sequential(nn.Identity(), Calling(function))
    generator = torch.Generator().manual_seed(0)
    first, second = (torch.rand(shape, generator=generator) for _ in range(2))
    return count(model, first, second)


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (lambda m, x: F.interpolate(x, scale_factor=2), "nearest"),
        (lambda m, x: F.interpolate(x, 12, mode="nearest-exact"), "nearest"),
        (lambda m, x: F.interpolate(x, size=12, mode="bilinear", align_corners=True), "bilinear"),
        (lambda m, x: F.interpolate(x, size=12, mode="bicubic", antialias=True), "antialiased"),
        (lambda m, x: F.interpolate(x, size=16, mode="area"), "area"),
        (lambda m, x: F.adaptive_avg_pool2d(x, 16), "area"),
        (lambda m, x: F.pixel_shuffle(x, 2), "pixel_shuffle"),
        (lambda m, x: F.conv_transpose2d(x, torch.ones(4, 1, 2, 2), stride=2), "transposed_conv"),
        (lambda m, x: F.conv_transpose2d(x, torch.ones(4, 1, 2, 2), None, 2), "transposed_conv"),
        (lambda m, x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2), "unpool"),
        (lambda m, x: F.fold(x.flatten(2)[:, :, :16], (8, 8), 2, stride=2), "fold"),
        (lambda m, x: F.grid_sample(x, torch.zeros(1, 9, 9, 2), align_corners=True), "grid_sample"),
        (lambda m, x: x.repeat_interleave(2, dim=-1), "repeat"),
        (lambda m, x: torch.repeat_interleave(x, 3, 2), "repeat"),
    ],
)
def test_a_growing_call_is_counted_once_in_the_module_where_it_runs(function, kind):
    assert counted(function) == Count(Counter({Site("1", kind): 1}), Counter(), Counter())


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x: F.interpolate(x, scale_factor=0.5),
        lambda m, x: F.pixel_unshuffle(x, 2),
        lambda m, x: F.pad(x, (1, 1, 1, 1)),
        lambda m, x: F.conv_transpose2d(x, torch.ones(4, 1, 3, 3)),
        lambda m, x: F.adaptive_avg_pool2d(x, 2),
        lambda m, x: x.repeat_interleave(2, dim=0),
        lambda m, x: x.repeat_interleave(2, dim=1),
        lambda m, x: torch.cat([x, x], dim=-1),
        lambda m, x: F.grid_sample(x, torch.zeros(1, 8, 8, 2), align_corners=True),
    ],
)
def test_a_call_that_grows_no_map_is_not_counted(function):
    assert counted(function) == Count(Counter(), Counter(), Counter())


def test_a_resized_table_is_constant():
    resized = counted(lambda m, x: x + F.interpolate(m.table, size=x.shape[2:], mode="bilinear"))
    assert resized == Count(Counter(), Counter({Site("1", "bilinear"): 1}), Counter())


def test_random_numbers_do_not_pass_for_the_input():
    noise = counted(lambda m, x: x + F.interpolate(torch.rand(1, 4, 4, 4), scale_factor=2))
    assert noise.constant == {Site("1", "nearest"): 1}
    assert not noise.steps


def test_a_single_sample_copied_over_a_map_is_a_spread():
    spread = counted(lambda m, x: F.interpolate(x.mean((2, 3), keepdim=True), size=(8, 8)))
    assert spread == Count(Counter(), Counter(), Counter({Site("1", "nearest"): 1}))


def test_a_shared_module_counts_every_call_under_its_first_name():
    up = nn.Upsample(scale_factor=2)
    model = nn.Sequential(up, nn.ReLU(), up)
    found = count(model, torch.zeros(1, 1, 4, 4), torch.ones(1, 1, 4, 4))
    assert found.steps == {Site("0", "nearest"): 2}


def test_a_module_that_raises_leaves_no_hook_and_no_mode_behind():
    def fail(module, x):
        raise RuntimeError("as meant")

    with pytest.raises(RuntimeError, match="as meant"):
        counted(fail)
    assert not torch.overrides._get_current_function_mode_stack()
    assert not nn.modules.module._global_forward_hooks
    assert not nn.modules.module._global_forward_pre_hooks


def test_what_is_expected_leaves_out_look_ups_and_adds_what_stands_by_hand():
    decoder = Decoder(
        "a:b",
        nn.Identity,
        (1,),
        rearranged={("", "depth_to_space"): 1, (OUTSIDE, "repeat"): 2},
        dismissed=("layers.*.look",),
    )
    steps = Counter({Site("model.layers.3.look", "grid_sample"): 4, Site("model.up", "nearest"): 1})
    assert decoder.expected(Count(steps, Counter(), Counter())) == {
        Site("model.up", "nearest"): 1,
        Site("model", "depth_to_space"): 1,
        Site("", "repeat"): 2,
    }


def test_an_adapter_gives_paths_behind_the_name_of_the_model():
    adapter = Adapter(nn.Upsample(scale_factor=2), lambda model, x: model(x))
    found = count(adapter, torch.zeros(1, 1, 4, 4), torch.ones(1, 1, 4, 4))
    assert found.steps == {Site("model", "nearest"): 1}


def test_no_weight_stays_at_zero():
    model = nn.Conv2d(2, 2, 3)
    nn.init.zeros_(model.weight)
    assert enlivened(model).weight.any()


def test_every_third_decoder_by_name_is_held_apart():
    decoders = [Decoder(f"a:{letter}", nn.Identity, (1,)) for letter in "gfedcba"]
    names = {which: [d.name[-1] for d in part(decoders, which)] for which in ("held", "developed")}
    assert names == {"held": ["c", "f"], "developed": ["a", "b", "d", "e", "g"]}


def test_the_catalogue_holds_enough_decoders_under_different_names():
    decoders = everything()
    assert len({d.name for d in decoders}) == len(decoders)
    assert sum(not d.encoder for d in decoders) >= 45
    assert sum(d.encoder for d in decoders) >= 10
