"""Whatever is raised, wherever: the model and torch are left as they came."""

from contextlib import contextmanager
from itertools import count

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.modules import module as module_hooks
from torch.utils._python_dispatch import TorchDispatchMode, _len_torch_dispatch_stack

from spectra.capture import discover, forward, quiet, stream
from spectra.capture._forward import _WATCHERS
from spectra.errors import ModelError
from spectra.probe._flat_field import flat_field
from support.zoo import C, Parallel, PatchExpand, Unpatchify, haar_by_setitem, network, upfirdn

ERRORS = (RuntimeError, MemoryError, torch.OutOfMemoryError, KeyboardInterrupt, SystemExit)


class Chain(nn.Module):
    """Steps of every way in which they end; each module may be made to raise."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, C, 1)
        self.parts = nn.ModuleList(
            [network(up, (C, 4, 4)) for up in (upfirdn, Unpatchify(width=C), haar_by_setitem)]
        )
        self.widen = nn.Conv2d(2, C, 1)
        self.drop, self.sum = nn.Dropout(), Parallel()

    def forward(self, x):
        x = self.first(x)
        for part in self.parts:
            x = part(x)
        return self.sum(self.drop(self.widen(x)))


class Operations(TorchDispatchMode):
    """Counts the operations, and raises at the n-th if told so, wherever that is."""

    def __init__(self, raise_at=None, error=None):
        super().__init__()
        self.count, self.raise_at, self.error = 0, raise_at, error

    @classmethod
    def _should_skip_dynamo(cls):
        return False  # else torch loads its compiler to keep it out of here, for seconds

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if self.count == self.raise_at:
            raise self.error
        self.count += 1
        return func(*args, **(kwargs or {}))


def state(model):
    """Return everything that must not have changed."""
    hooks = [
        len(value)
        for module in model.modules()
        for name, value in sorted(vars(module).items())
        if name.endswith("hooks") and value is not None
    ]
    return (
        [m.training for m in model.modules()],
        [(p.requires_grad, p.grad, p.dtype, p.data_ptr(), p._version) for p in model.parameters()],
        hooks,
        len(module_hooks._global_forward_hooks),
        len(module_hooks._global_forward_pre_hooks),
        len(module_hooks._global_forward_hooks_always_called),
        _len_torch_dispatch_stack(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.get_rng_state().tolist(),
        _WATCHERS.get(),
    )


def streamed():
    with quiet(MODEL), stream(MODEL, FOUND, lambda *_: None):
        forward(MODEL, X)


@contextmanager
def heard(injected):
    """Hold that what was injected comes out, itself or as the cause of a ModelError."""
    with pytest.raises((type(injected), ModelError)) as caught:
        yield
    if caught.value is not injected:
        assert isinstance(injected, Exception)
        assert isinstance(caught.value, ModelError)
        assert caught.value.__cause__ is injected


def operations_of(run):
    with Operations() as counted:
        run()
    return counted.count


MODEL, X = Chain(), torch.rand(1, 3, 4, 4)
UNTOUCHED = state(MODEL)
FOUND = discover(MODEL, X)
CALLED = [name for name, m in MODEL.named_modules() if name and not isinstance(m, nn.ModuleList)]
IN_A_DISCOVERY = operations_of(lambda: discover(MODEL, X))
IN_A_STREAM = operations_of(streamed)
SUCCEEDED = state(MODEL)


def test_what_succeeds_leaves_nothing_behind():
    """Without this, a mode that is never put back would be the same before and after a failure."""
    assert SUCCEEDED == UNTOUCHED


def test_the_chain_has_a_step_of_each_end():
    assert [s.kind for s in FOUND.steps] == [
        "zero_insertion",
        "depth_to_space",
        "depth_to_space",
        "transposed_conv",
    ]


@given(at=st.integers(0, IN_A_DISCOVERY - 1), error=st.sampled_from(ERRORS))
def test_an_operation_that_raises_in_a_discovery_leaves_nothing_behind(at, error):
    before, injected = state(MODEL), error("injected")
    with heard(injected), Operations(at, injected):
        discover(MODEL, X)
    assert state(MODEL) == before


@given(at=st.integers(0, IN_A_STREAM - 1), error=st.sampled_from(ERRORS))
def test_an_operation_that_raises_in_a_stream_leaves_nothing_behind(at, error):
    before, injected = state(MODEL), error("injected")
    with heard(injected), Operations(at, injected):
        streamed()
    assert state(MODEL) == before


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("step", range(4))
def test_a_tap_that_raises_is_heard_unchanged_and_leaves_nothing_behind(step, error):
    before = state(MODEL)

    def tap(index, _map):
        if index == step:
            torch.rand(2)
            raise error("injected")

    with pytest.raises(error, match="injected"), quiet(MODEL), stream(MODEL, FOUND, tap):
        forward(MODEL, X)
    assert state(MODEL) == before


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("name", CALLED)
def test_a_module_that_raises_leaves_nothing_behind(name, error):
    before, injected = state(MODEL), error("injected")

    def broken(_module, _args):
        raise injected

    handle = MODEL.get_submodule(name).register_forward_pre_hook(broken)
    with heard(injected):
        discover(MODEL, X)
    handle.remove()
    assert state(MODEL) == before


def test_a_mistake_of_the_search_leaves_the_other_steps(monkeypatch):
    from spectra.capture import _drafts
    from spectra.capture._explorer import Explorer

    def broken(*_args):
        raise IndexError("out of range")

    monkeypatch.setattr(Explorer, "strict", False)
    monkeypatch.setattr(_drafts, "read_enlarged", broken)
    found = discover(MODEL, X)
    assert {error for _, error in found.untraced} == {"IndexError: out of range"}
    assert {name for name, _ in found.untraced} <= set(dict(MODEL.named_modules()))
    assert [step.kind for step in found.steps] == ["transposed_conv"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_mistake_of_the_search_is_not_blamed_on_the_model(monkeypatch, error):
    """Neither is it swallowed by the tests, whatever the call at which it shows."""
    from spectra.capture import _drafts

    calls = count()

    def broken(*_args):
        if next(calls) == 3:
            raise error("ours")

    monkeypatch.setattr(_drafts, "read_enlarged", broken)
    before = state(MODEL)
    with pytest.raises(error, match="ours"):
        discover(MODEL, X)
    assert state(MODEL) == before


def test_a_probe_that_is_interrupted_leaves_nothing_behind():
    before = state(MODEL)
    with pytest.raises(KeyboardInterrupt), Operations(200, KeyboardInterrupt()):
        flat_field(MODEL, FOUND, (3, 8, 8), level=0.5)
    assert state(MODEL) == before


def test_a_model_with_another_step_at_another_size_is_a_clear_error():
    class Moody(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.up = nn.Conv2d(3, C, 1), PatchExpand()

        def forward(self, x):
            x = self.first(x)
            return self.up(x) if x.shape[-1] == 4 else x.flatten(2)

    model = Moody()
    found = discover(model, X)
    with (
        pytest.raises(ModelError, match=r"it ended before 'up' \(depth_to_space by 2x2"),
        quiet(model),
        stream(model, found, lambda *_: None),
    ):
        forward(model, torch.rand(1, 3, 4, 6))


def test_a_view_whose_memory_was_freed_is_not_read():
    """What FSDP does with gathered weights between two passes; to read one ends the process."""
    flat = torch.ones(16)
    model = nn.ReLU()
    model.weight = flat.view(4, 4)
    flat.untyped_storage().resize_(0)
    with quiet(model):
        model(torch.ones(1))
    assert model.weight.shape == (4, 4)
