"""Whatever a model is wrapped in, the same steps are found and the same maps handed on."""

from collections import namedtuple
from dataclasses import dataclass
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations
from torch.utils.checkpoint import checkpoint

from spectra.capture import discover, forward, quiet, stream
from spectra.run import analyze, list_steps
from support.zoo import FORMS, C, Parallel, Unpatchify, network

pytestmark = [
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
    pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:torch.tensor results are registered as constants"),
    pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated"),
]

ALL = [pytest.param(form, id=form.name) for form in FORMS]
# torch.jit refuses to trace these, or to save the trace
NOT_TRACED = ("gradient of a convolution", "unpool", "autograd function")
NOT_EXPORTED = ("opaque operator",)  # has no fake implementation
NOT_REDUCED = (  # bare PyTorch refuses them on a CPU in this precision
    "gradient of a convolution",
    "antialiased",
    "grid sample",
    "fold",
    "upfirdn",
    "zeros, rows, columns",
    "spectrum zero-padded",
    "centred spectrum zero-padded",
)


def frozen(model, x, _folder):
    return torch.jit.freeze(torch.jit.trace(model, x))


def loaded(model, x, folder):
    torch.jit.trace(model, x).save(folder / "model.pt")
    return torch.jit.load(folder / "model.pt")


def unflattened(model, x, _folder):
    return torch.export.unflatten(torch.export.export(model, (x,)))


class Autocast(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        with torch.autocast("cpu", torch.bfloat16):
            return self.inner(x)


class Checkpointed(Autocast):
    def forward(self, x):
        return checkpoint(self.inner, x, use_reentrant=False)


WRAPPERS = {
    "loaded": (loaded, NOT_TRACED),
    "frozen": (frozen, NOT_TRACED),
    "unflattened": (unflattened, NOT_EXPORTED),
    "parallel": (lambda model, _x, _: nn.DataParallel(model), ()),
    "autocast": (lambda model, _x, _: Autocast(model), NOT_REDUCED),
    "half": (lambda model, _x, _: model.half(), NOT_REDUCED),
    "bfloat16": (lambda model, _x, _: model.bfloat16(), NOT_REDUCED),
    "checkpointed": (lambda model, _x, _: Checkpointed(model), ()),
}


def essence(found):
    return [(s.kind, s.factor, s.kernel_size, s.input_shape, s.output_shape) for s in found.steps]


LIKE_ANOTHER = {"frozen": "loaded"}  # both are traced
EACH = [
    *[pytest.param(name, 3, id=name) for name in WRAPPERS if name not in LIKE_ANOTHER],
    *[pytest.param(name, 1, id=f"{name}, all", marks=pytest.mark.slow) for name in WRAPPERS],
]


@pytest.mark.parametrize(("wrapper", "every"), EACH)
def test_a_wrapper_changes_no_step(wrapper, every, tmp_path):
    """Of every third form here, of all in the long suite."""
    wrap, left_out = WRAPPERS[wrapper]
    for form in FORMS[::every]:
        if form.name in left_out:
            continue
        x = form.example()
        wrapped = wrap(form.network(), x, tmp_path)
        found = discover(wrapped, x)
        assert essence(found) == essence(discover(form.network(), x)), form.name
        seen = []
        with quiet(wrapped), stream(wrapped, found, lambda _, y: seen.append(tuple(y.shape))):  # noqa: B023
            forward(wrapped, x)
        assert seen == [(1, *found.steps[0].output_shape)], form.name


@pytest.mark.parametrize("wrapper", ["unflattened", "parallel"])
def test_names_survive_where_the_wrapper_keeps_modules(wrapper, tmp_path):
    forms = {form.name: form for form in FORMS}
    for form in (forms["view, permute"], forms["Haar by setitem"], forms["fold"]):
        wrapped = WRAPPERS[wrapper][0](form.network(), form.example(), tmp_path)
        assert [s.name for s in discover(wrapped, form.example()).steps] == ["up"]


class Scripted(nn.Module):
    """Rearrangements in the part of the language that torch.jit.script takes."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 16, 1), nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        b, c, h, w = x.shape
        x = x.view(b, c // 4, 2, 2, h, w).permute(0, 1, 4, 2, 5, 3)
        x = x.reshape(b, c // 4, 2 * h, 2 * w).repeat_interleave(2, 3)
        x = self.second(x)
        y = torch.zeros(b, c // 4, 4 * h, 4 * w)
        y[:, :, ::2] = x
        return F.conv2d(y, torch.ones(4, 4, 3, 3))


def test_rearrangements_in_a_script_are_found_under_its_own_name(tmp_path):
    x = torch.rand(1, 3, 5, 7)
    torch.jit.save(torch.jit.script(Scripted().eval()), tmp_path / "model.pt")
    found = discover(torch.jit.load(tmp_path / "model.pt"), x)
    assert [(s.label, s.kind, s.factor) for s in found.steps] == [
        ("(model)", "depth_to_space", (2, 4)),
        ("(model)#1", "zero_insertion", (2, 1)),
    ]


def test_a_model_that_was_compiled_before_anyone_looked_is_seen_as_python():
    model, x = network(Unpatchify(), (3, 6, 10)), torch.rand(1, 3, 6, 10)
    compiled = torch.compile(model, backend="eager")
    compiled(x)
    assert discover(compiled, x) == discover(network(Unpatchify(), (3, 6, 10)), x)


def test_normalised_weights_and_a_shared_module_are_what_they_are():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.up = parametrizations.weight_norm(nn.ConvTranspose2d(C, C, 4, 2, 1))
            self.shuffle = Unpatchify(width=C)

        def forward(self, x):
            return self.shuffle(self.up(self.shuffle(self.up(x))))

    found = discover(Twice(), torch.rand(1, C, 4, 6))
    assert [s.label for s in found.steps] == ["up", "shuffle", "up#1", "shuffle#1"]


@dataclass
class Decoded:
    sample: Tensor
    mean: Tensor


Pair = namedtuple("Pair", "mean sample")


class Returning(nn.Module):
    """Returns the mean of a latent map and the picture made of it, in some order."""

    def __init__(self, wrap):
        super().__init__()
        self.up, self.wrap = nn.Upsample(scale_factor=2), wrap

    def forward(self, x):
        mean = x.abs()
        return self.wrap(mean, self.up(F.interpolate(x, scale_factor=2)))


@pytest.mark.parametrize(
    ("wrap", "where"),
    [
        (lambda mean, y: (mean, y), "[1]"),
        (lambda mean, y: [mean, y], "[1]"),
        (lambda mean, y: {"mean": mean, "out": [y]}, "['out'][0]"),
        (lambda mean, y: Decoded(y, mean), ".sample"),
        (Pair, ".sample"),
    ],
    ids=["tuple", "list", "dict", "dataclass", "namedtuple"],
)
def test_the_output_is_the_map_that_comes_through_the_most_steps(wrap, where):
    model, x = Returning(wrap), torch.rand(2, 3, 6, 10)
    found = discover(model, x)
    assert found.outputs[found.output] == where
    assert found.output_shape == (3, 24, 40)
    assert forward(model, x, found=found).shape == (2, 3, 24, 40)


def test_an_auxiliary_head_that_runs_later_is_not_the_output():
    class Segmenter(nn.Module):
        def forward(self, x):
            resize = partial(F.interpolate, scale_factor=2, mode="bilinear")
            return {"out": resize(x), "aux": resize(x + 1)}

    assert discover(Segmenter(), torch.rand(1, 3, 6, 10)).output == 0


def test_a_choice_between_maps_is_noted_in_the_summary():
    x = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    summary = analyze(Returning(lambda mean, y: (mean, y)), x).summary
    (text,) = (w.text for w in summary.warnings if w.id == "output_choice")
    assert "2 tensors: [1] of shape (1, 3, 32, 32) is its output" in text
    assert summary.steps[0].period_in_output == (4, 4)


class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.up = nn.Conv2d(3, C, 1), Parallel()
        self.passes = iter(range(100))

    def forward(self, x):
        next(self.passes)
        return self.up(self.first(x))


@pytest.mark.parametrize("inputs", [None, torch.rand(5, 3, 16, 16)], ids=["none", "five"])
def test_listing_the_steps_takes_one_forward_pass(inputs):
    model = Counting()
    assert [s.label for s in list_steps(model, inputs).steps] == ["up"]
    assert next(model.passes) == 1
