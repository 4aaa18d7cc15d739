"""ScriptModules run no Python; their steps are found and named all the same."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from spectra.capture import discover, forward, quiet, stream

pytestmark = [
    pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:torch.tensor results are registered as constants"),
]

PICTURE = torch.zeros(1, 4, 8, 8)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Upsample(scale_factor=2.0)
        self.body = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ConvTranspose2d(4, 16, 4, 2, 1))
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, x):
        x = self.shuffle(self.body(self.up(x)))
        x = F.interpolate(x, scale_factor=2.0, mode="bilinear")
        return F.interpolate(x, scale_factor=2.0, mode="area")


def scripted(model, _folder):
    return torch.jit.script(model)


def traced(model, _folder):
    return torch.jit.trace(model, PICTURE)


def loaded(model, folder):
    torch.jit.save(torch.jit.script(model), folder / "model.pt")
    return torch.jit.load(folder / "model.pt")


def loaded_trace(model, folder):
    torch.jit.save(torch.jit.trace(model, PICTURE), folder / "model.pt")
    return torch.jit.load(folder / "model.pt")


@pytest.mark.parametrize("export", [scripted, traced, loaded, loaded_trace])
def test_steps_are_named_as_in_the_python_model(export, tmp_path):
    model = Net().eval()
    assert discover(export(model, tmp_path), PICTURE) == discover(model, PICTURE)


def test_a_script_inside_a_python_model_adds_its_own_path():
    model = nn.Sequential(nn.Identity(), torch.jit.script(Net()))
    labels = [step.label for step in discover(model, PICTURE).steps]
    assert labels == ["1.up", "1.body.1", "1.shuffle", "1", "1#1"]


def test_a_frozen_script_has_lost_its_names_but_no_step():
    plain, frozen = Net().eval(), torch.jit.freeze(torch.jit.script(Net().eval()))
    found = discover(frozen, PICTURE)
    assert [step.label for step in found.steps] == [
        "(model)",
        *(f"(model)#{i}" for i in range(1, 5)),
    ]
    assert [(s.kind, s.factor) for s in found.steps] == [
        (s.kind, s.factor) for s in discover(plain, PICTURE).steps
    ]
    assert not hasattr(frozen, "training")


def test_a_branch_leaves_the_others_their_names():
    class Branching(nn.Module):
        def __init__(self):
            super().__init__()
            self.up = nn.ConvTranspose2d(4, 4, 2, 2)

        def forward(self, x):
            if x.shape[0] > 1:
                x = F.interpolate(x, scale_factor=2.0)
            else:
                x = F.interpolate(x, scale_factor=2.0, mode="bilinear")
            return self.up(x)

    labels = [step.label for step in discover(torch.jit.script(Branching()), PICTURE).steps]
    assert labels == ["(model)", "up"]


@pytest.mark.parametrize("error", [KeyboardInterrupt("stop"), ValueError("mine")])
def test_what_a_tap_raises_comes_out_of_a_script_unchanged(error):
    model = torch.jit.script(Net())
    found = discover(model, PICTURE)

    def raise_it(_index, _map):
        raise error

    with pytest.raises(type(error), match=str(error)), quiet(model), stream(model, found, raise_it):
        forward(model, PICTURE)
