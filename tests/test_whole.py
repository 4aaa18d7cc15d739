"""The whole command over forms of every kind and random decoders: nothing fails, all is told."""

import pytest
import torch
from torch import nn

from support.blocks import STEPS
from support.random_decoders import Recipe, build, draw, inputs_of, shrink
from support.whole import run_whole, small_flat_fields
from support.zoo import FORMS, PICTURE, TWINS, network

FEW, MANY = range(8), range(8, 224)
SIDE = {1: 64, 2: 20, 3: 8}
COUNT = 16


def of_recipe(recipe, folder, *, thorough):
    model, inputs = build(recipe), inputs_of(recipe)
    with small_flat_fields():
        whole = run_whole(model, inputs, folder, upsamples=recipe.upsamples, thorough=thorough)
    return whole.faults


# every third form here; the others, and all kinds of step, run in the long suite
QUICK_FORMS = [
    pytest.param(form, id=form.name, marks=() if number % 3 == 0 else pytest.mark.slow)
    for number, form in enumerate(FORMS)
]


@pytest.mark.parametrize("form", QUICK_FORMS)
def test_a_form_of_the_zoo_has_no_fault(form, tmp_path):
    inputs = form.example(batch=COUNT)
    assert run_whole(form.network(), inputs, tmp_path, thorough=False).faults == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "up"), TWINS, ids=[name for name, _ in TWINS])
def test_a_twin_of_the_zoo_has_no_fault(name, up, tmp_path):
    inputs = torch.rand(COUNT, *PICTURE, generator=torch.Generator().manual_seed(1))
    model = network(up(), PICTURE)
    assert run_whole(model, inputs, tmp_path, upsamples=False, thorough=False).faults == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "axes"), [(name, axes) for name, kind in STEPS.items() for axes in kind.axes]
)
def test_a_step_by_itself_has_no_fault(name, axes, tmp_path):
    recipe = Recipe(axes, (SIDE[axes],) * axes, (name,))
    assert of_recipe(recipe, tmp_path, thorough=False) == []


@pytest.mark.parametrize("seed", FEW)
def test_a_random_decoder_has_no_fault(seed, tmp_path):
    assert of_recipe(draw(seed), tmp_path, thorough=False) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY)
def test_more_random_decoders_have_no_fault(seed, tmp_path):
    assert of_recipe(draw(seed), tmp_path, thorough=seed % 4 == 0) == []


def test_a_drawn_decoder_is_the_same_each_time():
    assert draw(7) == draw(7)
    x = inputs_of(draw(7))
    first, second = build(draw(7)), build(draw(7))
    assert torch.equal(x, inputs_of(draw(7)))
    assert all(map(torch.equal, first.parameters(), second.parameters()))


def test_a_recipe_shrinks_to_what_fails():
    recipe = Recipe(2, (16, 16), ("conv 3", "nearest 2", "ReLU", "linear 2"), returns="tuple")
    assert shrink(recipe, lambda r: "linear 2" in r.blocks).blocks == ("linear 2",)
    assert shrink(recipe, lambda r: "linear 2" in r.blocks).returns == "map"


class Broken(nn.Module):
    """Leaves its marks on itself, and warns like NumPy."""

    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose2d(3, 3, 4, 2, 1)

    def forward(self, x):
        with torch.no_grad():
            self.up.bias += 1
        return self.up(x)


def test_a_model_that_changes_is_told(tmp_path):
    found = run_whole(Broken(), torch.rand(16, 3, 16, 16), tmp_path, thorough=False).faults
    assert ("model", "not left as it came") in {(fault.stage, fault.kind) for fault in found}
