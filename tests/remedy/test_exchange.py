"""What a swap leaves as it was: the copy, what is tied, hooks, norms and modes."""

from threading import Lock

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, weight_norm

from spectra.errors import ConversionError
from spectra.remedy import LCTC, rebuild, swap
from support.swaps import Modules, picture, run


def test_the_whole_model_may_be_the_step(generator):
    model, x = nn.ConvTranspose2d(3, 2, 3, 2, 1, 1), picture(generator)
    swapped, plan = swap(model, "lctc7", example=x)
    assert isinstance(swapped, LCTC)
    assert plan.replaced[0].path == ""
    torch.testing.assert_close(run(swapped, x), run(model, x))
    assert isinstance(rebuild(model, plan), LCTC)


def test_a_module_that_runs_twice_and_has_two_names_stays_one(generator):
    up = nn.ConvTranspose2d(4, 4, 2, 2)
    model = nn.Sequential(nn.Conv2d(3, 4, 1), up, nn.ReLU(), up)
    x = picture(generator)
    swapped, plan = swap(model, "lctc7", example=x)
    assert swapped[1] is swapped[3]
    assert len(plan.replaced) == 1
    torch.testing.assert_close(run(swapped, x), run(model, x))
    again = rebuild(model, plan)
    assert again[1] is again[3]
    again.load_state_dict(swapped.state_dict())


class Listed(nn.Module):
    """Keeps its step in a plain list too, under the name of a method, and calls it from there."""

    def __init__(self, keep):
        super().__init__()
        self.up = nn.ConvTranspose2d(3, 3, 4, 2, 1)
        self.modules = keep(self.up)

    def forward(self, x):
        (up,) = self.modules.values() if isinstance(self.modules, dict) else self.modules
        return up(x)


@pytest.mark.parametrize("keep", [lambda up: [up], lambda up: (up,), lambda up: {"up": up}])
def test_a_module_kept_in_a_plain_container_is_replaced_there_too(generator, keep):
    model, x = Listed(keep), picture(generator)
    swapped, _ = swap(model, "lctc7", example=x)
    assert torch.allclose(swapped(x), model(x), atol=1e-5)
    for parameter in swapped.up.parameters():
        nn.init.zeros_(parameter)
    assert not swapped(x).any()


def test_what_cannot_be_copied_is_shared(generator):
    model = nn.Sequential(nn.Conv2d(3, 3, 1), nn.ConvTranspose2d(3, 3, 4, 2, 1))
    model[0].lock = Lock()
    swapped, _ = swap(model, "lctc7", example=picture(generator))
    assert swapped[0].lock is model[0].lock
    assert swapped[0].weight is not model[0].weight
    torch.testing.assert_close(run_in_place(swapped, generator), run_in_place(model, generator))


def test_a_model_that_cannot_be_copied_is_refused(generator):
    model = nn.Sequential(nn.ConvTranspose2d(3, 3, 4, 2, 1))
    model.locks = [Lock()]
    with pytest.raises(ConversionError, match=r"cannot be copied .*: make what it holds"):
        swap(model, "lctc7", example=picture(generator))


def run_in_place(model, generator):
    generator.manual_seed(0)
    with torch.no_grad():
        return model(picture(generator))


def test_tied_weights_stay_tied(generator):
    model = nn.Sequential(
        nn.Conv2d(3, 4, 1),
        nn.ConvTranspose2d(4, 4, 2, 2),
        nn.ReLU(),
        nn.ConvTranspose2d(4, 4, 2, 2),
    )
    model[3].weight = model[1].weight
    x = picture(generator)
    swapped, plan = swap(model, "lctc7", example=x)
    assert swapped[1].large.weight is swapped[3].large.weight
    torch.testing.assert_close(run(swapped, x), run(model, x))
    again = rebuild(model, plan)
    assert again[1].large.weight is again[3].large.weight


def test_a_weight_tied_to_what_is_not_swapped_is_noted(generator):
    model = nn.Sequential(nn.Conv2d(3, 4, 2, stride=2), nn.ConvTranspose2d(4, 3, 2, 2))
    model[1].weight = model[0].weight
    swapped, plan = swap(model, "lctc7", example=picture(generator))
    assert "also that of 0" in plan.replaced[0].notes[0]
    assert torch.equal(swapped[0].weight, model[0].weight)


@pytest.mark.parametrize("normalise", [parametrizations.weight_norm, weight_norm])
@pytest.mark.filterwarnings("ignore:.*weight_norm.*is deprecated:FutureWarning")
def test_weight_norm_survives_in_and_around_the_step(generator, normalise):
    model = nn.Sequential(
        normalise(nn.Conv1d(3, 4, 3, padding=1)), normalise(nn.ConvTranspose1d(4, 2, 4, 2, 1))
    )
    x = picture(generator, 16)
    model(x).sum().backward()
    swapped, plan = swap(model, "lctc7+3", example=x)
    torch.testing.assert_close(run(swapped, x), run(model, x))
    again = rebuild(model, plan)
    again.load_state_dict(swapped.state_dict())
    assert torch.equal(run(again, x), run(swapped, x))


def test_dtype_mode_and_frozen_flags_survive(generator):
    model = Modules().double().eval().requires_grad_(False)
    swapped, _ = swap(model, "lctc7+3", example=picture(generator, 5, 5).double())
    assert {p.dtype for p in swapped.parameters()} == {torch.float64}
    assert not any(m.training for m in swapped.modules())
    assert not any(p.requires_grad for p in swapped.up1.parameters())


def test_hooks_of_users_go_on(generator):
    model, seen = Modules(), []
    model.up1.register_forward_hook(lambda module, args, y: seen.append(tuple(y.shape)))
    swapped, _ = swap(model, "lctc7", example=picture(generator, 4, 4))
    seen.clear()
    swapped(picture(generator, 4, 4))
    assert seen == [(2, 6, 8, 8)]
