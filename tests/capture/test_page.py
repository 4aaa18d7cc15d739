"""What docs/capture.md says is found is found, and what it says is not is not."""

import re
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from spectra.capture import discover
from spectra.kinds import KINDS

PAGE = (Path(__file__).parents[2] / "docs" / "capture.md").read_text()
NAMES = {"torch": torch, "F": F, "nn": nn, "rearrange": rearrange}
FOUND = re.findall(r"^\| `(.+)` \| (\w+) \| ([\dx]+|-) \|$", PAGE, re.MULTILINE)
READ = re.findall(r"^\| [\w ]+: `(.+)` \| (\(.+) \|$", PAGE, re.MULTILINE)
NOT_FOUND = re.findall(
    r"^\| `(.+)` \| .+ \|$", PAGE.partition("not taken for a step")[2], re.MULTILINE
)


class Example(nn.Module):
    def __init__(self, expression):
        super().__init__()
        self.expression = expression

    def forward(self, x):
        y = F.interpolate(x, scale_factor=2) if re.search(r"\by\b", self.expression) else None
        return eval(self.expression, NAMES | {"x": x, "y": y})


def steps(expression):
    return discover(Example(expression), torch.rand(1, 8, 6, 10)).steps


@pytest.mark.parametrize(("expression", "kind", "factor"), FOUND)
def test_what_the_page_says_is_found(expression, kind, factor):
    (step,) = steps(expression)
    assert step.kind == kind
    assert ("x".join(map(str, step.factor)) or "-") == factor


@pytest.mark.parametrize("expression", NOT_FOUND)
def test_what_the_page_says_is_no_step(expression):
    assert steps(expression) == ()


@pytest.mark.parametrize(("expression", "axes"), READ)
def test_an_output_is_read_as_the_page_says(expression, axes):
    assert discover(Example(expression), torch.rand(1, 8, 6, 10)).reading.axes == axes


def test_the_page_names_every_kind():
    assert len(READ) > 5
    assert len(FOUND) > 20
    assert len(NOT_FOUND) > 8
    assert {kind for _, kind, _ in FOUND} | {"other"} == set(KINDS)
