"""spandrel is asked for what it may know, one architecture at a time."""

import ast
import importlib
import sys
from importlib.util import module_from_spec, spec_from_file_location

import pytest
import torch

from spectra.errors import LoadError, ParameterError
from spectra.load import load_model
from spectra.load._spandrel import _hull
from spectra.load._spandrel_index import entries

WHOLE = """
from types import SimpleNamespace
import torch

class Only:
    id = "Only"
    detect = staticmethod(lambda state: "only" in state)

    def load(self, state):
        return SimpleNamespace(model=torch.nn.Identity(), architecture=self)

class Registry:
    def copy(self):
        return self

    def architectures(self, order):
        return [SimpleNamespace(architecture=Only())]

MAIN_REGISTRY = Registry()
"""


@pytest.fixture
def key_condition(spandrel):
    """Return the class by which spandrel itself judges names."""
    spec = spec_from_file_location("_spandrel_util", spandrel / "util" / "__init__.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.KeyCondition


@pytest.fixture
def nafnet(spandrel):
    with _hull():
        module = importlib.import_module("spandrel.architectures.NAFNet")
    torch.manual_seed(0)
    return module.NAFNet(width=8, middle_blk_num=1, enc_blk_nums=[1, 1], dec_blk_nums=[1, 1]).eval()


def own_words(condition):
    """Return the names of weights that stand in a condition."""
    nodes = ast.walk(condition)
    return sorted({n.value for n in nodes if isinstance(n, ast.Constant) and type(n.value) is str})


def test_all_architectures_are_read_in_spandrel_s_order(spandrel):
    text = (spandrel / "__helpers" / "main_registry.py").read_text()
    _, *declared = text.split("ArchSupport.from_architecture(")
    assert len(declared) > 30
    assert [f"{e.name}.{e.maker}" for e in entries()] == [d.partition("(")[0] for d in declared]
    assert all(entry.conditions for entry in entries())


def test_conditions_on_names_are_judged_as_spandrel_judges_them(spandrel, key_condition, rng):
    for entry in entries():
        (condition,) = entry.conditions
        code = compile(ast.Expression(condition), entry.name, "eval")
        judge, words = eval(code, {"KeyCondition": key_condition}), own_words(condition)
        trials = [set(words), set(), *({word} for word in words)]
        trials += [set(words) - {word} for word in words]
        trials += [set(rng.choice(words, size=len(words) // 2, replace=False)) for _ in range(20)]
        told = [entry.may_be_of(names) for names in trials]
        assert told == [judge(dict.fromkeys(names)) for names in trials], entry.name
        assert set(told) == {True, False}, entry.name


def test_weights_are_recognised_whatever_their_prefix(nafnet, tmp_path):
    state = {f"lightning.net.{name}": tensor for name, tensor in nafnet.state_dict().items()}
    torch.save({"state_dict": state}, tmp_path / "w.ckpt")
    x = torch.rand(1, 3, 16, 16)
    for arch in (None, "spandrel:NAFNet"):
        loaded = load_model(tmp_path / "w.ckpt", arch=arch)
        assert loaded.architecture == "spandrel:NAFNet"
        assert torch.equal(loaded.model(x), nafnet(x))
    assert "spandrel" not in sys.modules  # only what was needed of it
    assert "spandrel.architectures.SwinIR" not in sys.modules
    with pytest.raises(LoadError, match="spandrel:NAFNett is unknown: did you mean NAFNet"):
        load_model(tmp_path / "w.ckpt", arch="spandrel:NAFNett")
    with pytest.raises(LoadError, match="are not those of spandrel:SwinIR"):
        load_model(tmp_path / "w.ckpt", arch="spandrel:SwinIR")
    with pytest.raises(ParameterError, match="expected none"):
        load_model(tmp_path / "w.ckpt", arch="spandrel:NAFNet", arch_args={"width": 3})


@pytest.mark.parametrize("names", [["a"], ["body.0.weight", "body.1.weight"]])
def test_weights_of_no_architecture_are_not_recognised(spandrel, tmp_path, names):
    torch.save({name: torch.ones(2) for name in names}, tmp_path / "w.pth")
    with pytest.raises(LoadError, match="spandrel does not recognise it"):
        load_model(tmp_path / "w.pth")


@pytest.mark.parametrize("arch", [None, "spandrel:LaMa"])
def test_an_architecture_that_needs_a_broken_package_is_not_usable(spandrel, tmp_path, arch):
    torch.save({"model.model.1.bn_l.running_mean": torch.ones(2)}, tmp_path / "w.pth")
    with pytest.raises(LoadError, match="spandrel, which is installed but cannot be imported"):
        load_model(tmp_path / "w.pth", arch=arch)


def test_an_architecture_without_weights_says_that_it_needs_them(spandrel):
    with pytest.raises(LoadError, match="spandrel:NAFNet is built around weights"):
        load_model("spandrel:NAFNet")


@pytest.fixture
def another(spandrel, tmp_path, monkeypatch):
    """Put a spandrel whose files read otherwise where the real one would be found."""
    (tmp_path / "site" / "spandrel").mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path / "site")
    torch.save({"only": torch.ones(2)}, tmp_path / "w.pth")
    yield tmp_path / "site" / "spandrel" / "__init__.py"
    sys.modules.pop("spandrel", None)


def test_a_spandrel_that_reads_otherwise_is_asked_as_a_whole(another, tmp_path):
    another.write_text(WHOLE)
    for arch in (None, "spandrel:Only"):
        assert load_model(tmp_path / "w.pth", arch=arch).architecture == "spandrel:Only"
    with pytest.raises(LoadError, match="Onlyy is unknown: did you mean Only"):
        load_model(tmp_path / "w.pth", arch="spandrel:Onlyy")


def test_a_spandrel_that_cannot_be_imported_is_not_usable(another, tmp_path):
    another.write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    with pytest.raises(LoadError, match=r"--arch .* cannot be imported .*nms does not exist"):
        load_model(tmp_path / "w.pth")
