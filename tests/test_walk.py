"""A walk over a model finds what torch finds, and asks no method of the model."""

import pytest
import torch
from torch import nn

from spectra import _walk as walk


def shared():
    """Return a model that holds one layer under two names, one weight in two layers, and None."""
    inner = nn.Linear(2, 2)
    model = nn.Sequential(inner, nn.ModuleDict({"again": inner, "norm": nn.BatchNorm1d(2)}))
    model[1].tied = nn.Linear(2, 2)
    model[1].tied.weight = inner.weight
    model.nothing = None
    model.register_module("empty", None)
    return model


def scripted():
    return torch.jit.script(nn.Sequential(nn.Linear(2, 2)))


@pytest.mark.parametrize("make", [shared, scripted])
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_it_finds_what_torch_finds_in_the_same_order(make):
    model = make()
    assert list(walk.named_modules(model)) == list(model.named_modules())
    assert [id(m) for m in walk.modules(model)] == [id(m) for m in model.modules()]
    for ours, theirs in (
        (walk.parameters(model), model.parameters()),
        (walk.buffers(model), model.buffers()),
    ):
        assert [t.data_ptr() for t in ours] == [t.data_ptr() for t in theirs]


def test_a_shared_weight_has_all_its_users():
    names = [name for name, weight in walk.named_parameters(shared()) if weight.ndim == 2]
    assert names == ["0.weight", "1.tied.weight"]


def test_a_submodule_is_found_by_its_path():
    model = shared()
    assert walk.submodule(model, "1.norm") is model[1]["norm"]
    assert walk.submodule(model, "") is model


def test_no_method_of_the_model_is_called():
    model = shared()
    for name in ("modules", "named_modules", "parameters", "named_parameters", "buffers"):
        setattr(model, name, [model[0]])
    assert len(list(walk.modules(model))) == 5
    assert len(list(walk.parameters(model))) == 5
