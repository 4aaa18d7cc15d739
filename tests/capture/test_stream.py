"""A stream shows each step's map, may replace it, and leaves the model as it came."""

from contextlib import suppress

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.modules import module as module_hooks
from torch.utils._python_dispatch import _get_current_dispatch_mode, _len_torch_dispatch_stack
from torch.utils.flop_counter import FlopCounterMode

from spectra.capture import discover, forward, quiet, stream
from spectra.capture._stream import Tap
from spectra.errors import ModelError, ParameterError

PICTURE = torch.arange(64.0).reshape(1, 1, 8, 8)


def nothing(_index, _map):
    return None


def two_steps():
    return nn.Sequential(nn.Upsample(scale_factor=2), nn.Upsample(scale_factor=2, mode="bilinear"))


def test_maps_arrive_in_order_with_their_values():
    model, seen = two_steps(), []
    found = discover(model, PICTURE)
    with stream(model, found, lambda index, y: seen.append((index, y.clone()))):
        forward(model, PICTURE.repeat(3, 1, 1, 1))
    first = F.interpolate(PICTURE, scale_factor=2).repeat(3, 1, 1, 1)
    assert [index for index, _ in seen] == [0, 1]
    assert torch.equal(seen[0][1], first)
    assert torch.equal(seen[1][1], F.interpolate(first, scale_factor=2, mode="bilinear"))


def test_a_returned_map_replaces_the_steps_output():
    model = two_steps()
    found = discover(model, PICTURE)
    with stream(model, found, lambda index, y: torch.ones_like(y) if index == 0 else None):
        output = forward(model, PICTURE)
    assert torch.equal(output, torch.ones(1, 1, 32, 32))


def test_an_unbatched_output_is_replaced_in_its_own_layout():
    class Unbatched(nn.Module):
        def forward(self, x):
            return F.pixel_shuffle(x[0], 2)[None]

    model, x = Unbatched(), torch.zeros(1, 4, 3, 5)
    with stream(model, discover(model, x), lambda _, y: y + 1):
        assert torch.equal(forward(model, x), torch.ones(1, 1, 6, 10))


def test_a_map_of_another_shape_is_refused():
    model = two_steps()
    found = discover(model, PICTURE)
    with (
        pytest.raises(ParameterError, match="expected"),
        stream(model, found, lambda _, y: y[..., :-1]),
    ):
        forward(model, PICTURE)


def test_operations_of_the_tap_itself_are_not_seen():
    model, seen = two_steps(), []

    def resize(index, y):
        seen.append(index)
        F.interpolate(y, scale_factor=3)

    with stream(model, discover(model, PICTURE), resize):
        forward(model, PICTURE)
    assert seen == [0, 1]


def test_direct_calls_are_followed_one_after_the_other():
    model, seen = two_steps(), []
    found = discover(model, PICTURE)
    with torch.inference_mode(), stream(model, found, lambda i, _: seen.append(i)) as tap:
        model(PICTURE)
        tap.check()
        model(PICTURE)
    assert seen == [0, 1, 0, 1]


class Shuffled(nn.Module):
    def forward(self, x):
        b, c, h, w = x.shape
        y = x.view(b, c // 4, 2, 2, h, w).permute(0, 1, 4, 2, 5, 3)
        return y.reshape(b, c // 4, 2 * h, 2 * w)


def test_what_runs_between_two_calls_is_not_taken_for_the_models():
    """Reshapes are everywhere, so are the statistics of what was streamed."""
    model, x, seen = Shuffled(), torch.rand(2, 4, 6, 8), []
    with stream(model, discover(model, x), lambda i, _: seen.append(i)):
        for _ in range(2):
            Shuffled()(x)
            forward(model, x)
            Shuffled()(x)
    assert seen == [0, 0]


def test_a_direct_call_is_refused_where_it_could_not_be_followed():
    model, x = Shuffled(), torch.rand(2, 4, 6, 8)
    with (
        pytest.raises(ModelError, match=r"calls by spectra.capture.forward\(model, x\) only"),
        stream(model, discover(model, x), nothing),
    ):
        model(x)
    assert not model._forward_pre_hooks


@pytest.mark.parametrize("joined", [False, True], ids=["one", "added to another"])
def test_weights_of_their_own_for_each_sample_still_give_a_map_a_sample(joined):
    """StyleGAN's modulated convolution: a batch side by side, one group a sample."""

    class Modulated(nn.Module):
        def forward(self, x):
            b, c, h, w = x.shape
            weight = x.mean((2, 3)).view(b, c, 1, 1, 1) * torch.ones(b, c, 3, 2, 2)
            x, weight = x.reshape(1, b * c, h, w), weight.flatten(0, 1)
            y = F.conv_transpose2d(x, weight, stride=2, groups=b)
            if joined:
                y = y + F.conv_transpose2d(x, -2 * weight, stride=2, groups=b)
            return y.view(b, 3, 2 * h, 2 * w)

    model, x, seen = Modulated(), torch.rand(4, 5, 6, 8), []
    with stream(model, discover(model, x[:1]), lambda _, y: seen.append(y)):
        output = forward(model, x)
    assert torch.equal(seen[0], output)
    assert len(seen) == 1


class Moody(nn.Module):
    """Does what its attribute says."""

    mode = "both"

    def forward(self, x):
        if self.mode != "second":
            x = F.interpolate(x, scale_factor=2)
        if self.mode != "first":
            x = F.interpolate(x, scale_factor=2, mode="bilinear")
        if self.mode == "more":
            x = F.interpolate(x, scale_factor=2)
        return x


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("first", r"it ended before '\(model\)#1'"),
        ("second", r"it ran bilinear by 2x2 on 1 channels instead of '\(model\)'"),
        ("more", "after its last step"),
    ],
)
def test_a_model_that_changes_its_operations_is_an_error(mode, message):
    model = Moody()
    found = discover(model, PICTURE)
    model.mode = mode
    with pytest.raises(ModelError, match=message), stream(model, found, nothing):
        forward(model, PICTURE)


def test_a_step_missing_from_every_call_is_an_error_too():
    model = nn.Sequential(nn.Upsample(scale_factor=2))
    found = discover(model, PICTURE)
    model[0] = nn.Identity()
    with pytest.raises(ModelError, match="ended before '0'"), stream(model, found, nothing):
        forward(model, PICTURE)


class Stacked(nn.Module):
    """Has no step, and a view that looks like the last one of `Shuffled`."""

    def forward(self, x):
        b, c, h, w = x.shape
        return x.view(b, c, 1, 1, h, w).view(b, 1, c * h, w).view(b, c, h, w) + 0


class Listed(nn.Module):
    def __init__(self):
        super().__init__()
        self.plain = nn.ModuleList([nn.Sequential(nn.Conv2d(4, 4, 1), Stacked())])
        self.parts = nn.ModuleDict({"up": Shuffled()})

    def forward(self, x):
        return self.parts["up"](self.plain[0](x)) * 2


def operations(monkeypatch, model, found, pictures):
    """Return the names of the operations that a stream saw, and the maps, of each picture."""
    seen, run = [], Tap.run

    def noting(func, args, kwargs):
        seen[-1][0].append(func._opname)
        return run(func, args, kwargs)

    monkeypatch.setattr(Tap, "run", staticmethod(noting))
    with stream(model, found, lambda _, y: seen[-1][1].append(y)):
        for x in pictures:
            seen.append(([], []))
            forward(model, x)
    return seen


def test_modules_without_a_step_are_followed_once_a_size_and_then_no_more(monkeypatch):
    model, known, larger = Listed(), torch.rand(1, 4, 6, 8), torch.rand(1, 4, 12, 8)
    seen = operations(monkeypatch, model, discover(model, known), [known, larger, larger, known])
    assert ["convolution" in names for names, _ in seen] == [False, True, False, False]
    assert all("mul" in names for names, _ in seen)  # the model's own code is no module's
    for x, (_, maps) in zip([known, larger, larger, known], seen, strict=True):
        (made,) = maps
        assert torch.equal(2 * made, model(x))


def test_a_module_with_a_step_is_followed_wherever_it_stands(monkeypatch):
    """Also in a branch that is otherwise passed over, and where one module has two places."""
    up = Shuffled()
    model = nn.Sequential(up, nn.Sequential(nn.Conv2d(1, 4, 1)), nn.Sequential(nn.ReLU(), up))
    x = torch.rand(1, 4, 6, 8)
    ((names, maps),) = operations(monkeypatch, model, discover(model, x), [x])
    assert [tuple(m.shape[2:]) for m in maps] == [(12, 16), (24, 32)]
    assert "convolution" not in names


def test_another_model_is_followed_everywhere(monkeypatch):
    found = discover(Listed(), torch.rand(1, 4, 6, 8))
    model = nn.Sequential(nn.Conv2d(4, 4, 1), Shuffled())
    ((names, maps),) = operations(monkeypatch, model, found, [torch.rand(1, 4, 6, 8)])
    assert "convolution" in names
    assert len(maps) == 1


class Failing(nn.Module):
    error = None

    def forward(self, x):
        if self.error is not None:
            raise self.error
        return x + 0


def test_a_step_after_an_error_that_the_model_catches_is_seen():
    class Catching(nn.Module):
        def __init__(self):
            super().__init__()
            self.risky = Failing()

        def forward(self, x):
            with suppress(RuntimeError):
                x = self.risky(x)
            return F.interpolate(x, scale_factor=2)

    model, seen = Catching(), []
    found = discover(model, PICTURE)
    model.risky.error = RuntimeError("caught")
    with stream(model, found, lambda i, _: seen.append(i)):
        forward(model, PICTURE)
    assert seen == [0]


def test_a_mode_of_the_models_own_stays_on():
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Conv2d(1, 1, 1)

        def forward(self, x):
            with FlopCounterMode(display=False) as counter:
                x = self.inner(x)
            flops.append(counter.get_total_flops())
            return F.interpolate(x, scale_factor=2)

    flops, seen = [], []
    model = Counting()
    found = discover(model, PICTURE)
    with stream(model, found, lambda i, _: seen.append(i)):
        forward(model, PICTURE)
    assert flops[0] == flops[1] > 0
    assert seen == [0]


@pytest.mark.parametrize("error", [RuntimeError("broken"), KeyboardInterrupt("stop")])
def test_an_error_where_nobody_looks_leaves_nothing_behind(error):
    model = nn.Sequential(nn.Sequential(Failing()), nn.Upsample(scale_factor=2))
    found = discover(model, PICTURE)
    model[0][0].error = error
    expected = ModelError if isinstance(error, Exception) else KeyboardInterrupt
    with FlopCounterMode(display=False) as outer:
        with pytest.raises(expected), stream(model, found, nothing):
            forward(model, PICTURE)
        assert _len_torch_dispatch_stack() == 1
        assert _get_current_dispatch_mode().counter is outer
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert not any(m._forward_hooks_always_called for m in model.modules())


def test_another_size_is_no_change():
    model = two_steps()
    with stream(model, discover(model, PICTURE), nothing):
        assert forward(model, PICTURE[..., :3, :5]).shape == (1, 1, 12, 20)


def test_a_table_that_is_resized_only_once_is_no_change():
    class Caching(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.kept = nn.Parameter(torch.zeros(1, 1, 4, 4)), None

        def forward(self, x):
            if self.kept is None:
                self.kept = F.interpolate(self.table, scale_factor=2, mode="bicubic")
            return F.interpolate(x + self.kept, scale_factor=2)

    model, seen = Caching(), []
    with quiet(model):  # at its end the table is given back
        found = discover(model, PICTURE)
        assert model.kept is not None
        with stream(model, found, lambda i, _: seen.append(i)):
            forward(model, PICTURE)
    assert seen == [0]
    assert model.kept is None


@pytest.mark.parametrize("error", [RuntimeError("mine"), KeyboardInterrupt("stop")])
def test_whatever_a_tap_raises_the_model_leaves_as_it_came(error):
    model = nn.Sequential(nn.Conv2d(1, 4, 1), nn.Dropout(), nn.PixelShuffle(2))
    model[1].eval()
    found = discover(model, PICTURE)
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.get_rng_state()

    def raise_it(_index, _map):
        torch.rand(3)
        raise error

    with pytest.raises(type(error), match=str(error)), quiet(model), stream(model, found, raise_it):
        forward(model, PICTURE)
    assert [m.training for m in model] == [True, False, True]
    assert model.training
    assert all(p.requires_grad and p.grad is None for p in model.parameters())
    assert all(torch.equal(weights[name], value) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)
    assert torch.is_grad_enabled()
    assert _len_torch_dispatch_stack() == 0
    assert not module_hooks._global_forward_hooks
    assert not module_hooks._global_forward_pre_hooks


@pytest.mark.parametrize("error", [RuntimeError("broken"), KeyboardInterrupt("stop")])
def test_a_discovery_that_fails_leaves_nothing_behind(error):
    class Failing(nn.Module):
        def forward(self, _x):
            raise error

    model = nn.Sequential(nn.Upsample(scale_factor=2), Failing())
    expected = ModelError if isinstance(error, Exception) else KeyboardInterrupt
    with pytest.raises(expected):
        discover(model, PICTURE)
    assert all(m.training for m in model.modules())
    assert _len_torch_dispatch_stack() == 0
    assert not module_hooks._global_forward_hooks
    assert not module_hooks._global_forward_hooks_always_called
    assert not module_hooks._global_forward_pre_hooks


def test_operations_do_not_pass_through_the_compiler():
    """Torch would wrap the handler to keep its compiler out, and load it for that."""
    assert not hasattr(Tap.__torch_dispatch__, "__wrapped__")
