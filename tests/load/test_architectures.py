"""Names become modules, or a line that says what to type."""

import sys
import types

import pytest
import torch
from torch import nn

from spectra.errors import LoadError, ParameterError
from spectra.load import load_model, parse_arch_args
from spectra.load._packages import PACKAGES, optional

FACTORY = """
import torch
from torch import nn
from helper_beside import WIDTH

NUMBER = 3
LOADED = nn.Conv2d(3, WIDTH, 1)

def make(width=WIDTH, *, mode="nearest"):
    from helper_beside import WIDTH  # a late import
    return nn.Sequential(nn.Conv2d(3, width, 3), nn.Upsample(scale_factor=2, mode=mode))

class Net(nn.Sequential):
    def __init__(self, width):
        super().__init__(nn.Conv2d(3, width, 1))

def broken():
    raise RuntimeError("no GPU\\nhere")

def text():
    return "no module"

def leaves():
    raise SystemExit(2)
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "helper_beside.py").write_text("WIDTH = 7\n")
    (tmp_path / "net.py").write_text(FACTORY)
    yield tmp_path / "net.py"
    sys.modules.pop("helper_beside", None)


def test_a_factory_in_a_file_builds_with_its_folder_on_the_path(file):
    before = list(sys.path)
    loaded = load_model(f"{file}:make", arch_args={"mode": "bilinear"})
    assert loaded.model[0].out_channels == 7
    assert loaded.model[1].mode == "bilinear"
    assert (loaded.format, loaded.sha256) == ("factory", None)
    assert loaded.parameters == 7 * 3 * 9 + 7
    assert not loaded.model.training
    assert sys.path == before
    assert "net" not in sys.modules


def test_a_factory_in_a_module_of_the_working_folder_builds(file, monkeypatch):
    monkeypatch.chdir(file.parent)
    (file.parent / "my_nets.py").write_text(FACTORY)
    monkeypatch.delitem(sys.modules, "my_nets", raising=False)
    assert load_model("my_nets:make").model[0].out_channels == 7
    sys.modules.pop("my_nets")


def test_a_class_and_a_ready_module_are_factories_too(file):
    assert load_model(f"{file}:Net", arch_args={"width": 5}).model[0].out_channels == 5
    assert load_model(f"{file}:LOADED").model.out_channels == 7


def test_weights_take_the_factorys_arguments(file, tmp_path):
    conv = nn.Conv2d(3, 9, 1)
    torch.save({"0.weight": conv.weight, "0.bias": conv.bias}, tmp_path / "w.pth")
    loaded = load_model(tmp_path / "w.pth", arch=f"{file}:Net", arch_args={"width": 9})
    assert torch.equal(loaded.model[0].weight, conv.weight)
    assert loaded.architecture == f"{file}:Net"


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("mke", {}, "has no 'mke': did you mean make"),
        ("zzz", {}, "has no 'zzz': it holds .*Net"),
        ("Net", {}, "missing a required argument: 'width'; it accepts width: .*--arch-arg"),
        ("make", {"widht": 3}, "unexpected keyword argument 'widht'; it accepts width, mode"),
        ("broken", {}, r"raised RuntimeError: no GPU \(net\.py, line \d+\)$"),
        ("leaves", {}, "raised SystemExit: 2"),
        ("text", {}, "returned a str: expected a torch.nn.Module"),
        ("NUMBER", {}, "is a int: expected a function or class"),
    ],
)
def test_a_factory_that_fails_says_how(file, name, arguments, message):
    with pytest.raises(LoadError, match=message):
        load_model(f"{file}:{name}", arch_args=arguments)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import nothing_at_all", "No module named 'nothing_at_all'"),
        ("def f(:", "SyntaxError"),
        ("raise SystemExit('usage: train.py')", "SystemExit: usage"),
    ],
)
def test_a_file_that_cannot_be_imported_says_why(tmp_path, code, message):
    (tmp_path / "net.py").write_text(code)
    with pytest.raises(LoadError, match=f"cannot be imported: .*{message}"):
        load_model(f"{tmp_path / 'net.py'}:make")


@pytest.mark.parametrize(
    ("arch", "message"),
    [
        ("no_such_package.nets:make", "no module 'no_such_package'.*file.py:name"),
        ("no_such_file.py:make", "no_such_file.py does not exist"),
        ("NAFNet", "arch='NAFNet' is no architecture: expected 'file.py:factory'"),
        ("smp:Unet", "segmentation_models_pytorch, which is not installed: type 'pip install"),
        ("spandrel:NAFNet", r"not installed: type 'pip install 'spectra-artifacts\[spandrel\]"),
    ],
)
def test_an_architecture_that_leads_nowhere_says_what_to_type(tmp_path, monkeypatch, arch, message):
    monkeypatch.setitem(sys.modules, "segmentation_models_pytorch", None)
    torch.save({"w": torch.ones(1)}, tmp_path / "w.pth")
    with pytest.raises(LoadError, match=message):
        load_model(tmp_path / "w.pth", arch=arch)


class Unet(nn.Conv2d):
    def __init__(self, encoder_name="resnet34", encoder_weights="imagenet"):
        super().__init__(3, 1, 1)
        self.made = (encoder_name, encoder_weights)


def package(name, **content):
    module = types.ModuleType(name)
    module.__dict__.update(content)
    module.__spec__ = types.SimpleNamespace(name=name)
    return module


def test_optional_packages_build_without_downloading_weights(monkeypatch):
    smp = package("segmentation_models_pytorch", Unet=Unet)
    created = {}

    def create_model(model_name, **arguments):
        created.update(arguments, model_name=model_name)
        return nn.Identity()

    timm = package(
        "timm",
        create_model=create_model,
        is_model=lambda name: name == "resnet18",
        list_models=lambda: ["resnet18"],
    )
    monkeypatch.setitem(sys.modules, "segmentation_models_pytorch", smp)
    monkeypatch.setitem(sys.modules, "timm", timm)
    monkeypatch.setitem(sys.modules, "diffusers", package("diffusers", AutoencoderKL=Unet))
    assert load_model("smp:Unet", arch_args={"encoder_name": "x"}).model.made == ("x", None)
    load_model("timm:resnet18", arch_args={"in_chans": 1})
    assert created == {"model_name": "resnet18", "pretrained": False, "in_chans": 1}
    assert isinstance(load_model("diffusers:AutoencoderKL").model, Unet)
    with pytest.raises(LoadError, match="smp:Unett is unknown: did you mean Unet"):
        load_model("smp:Unett")
    with pytest.raises(LoadError, match="did you mean resnet18"):
        load_model("timm:resnet19")


def test_torchvision_builds_without_downloading_weights(monkeypatch):
    def fcn(weights="default", weights_backbone="imagenet", num_classes=21):
        assert weights is None
        assert weights_backbone is None
        return nn.Conv2d(3, num_classes, 1)

    def builder(name):
        if name != "fcn":
            raise ValueError(name)
        return fcn

    models = package("torchvision.models", get_model_builder=builder, list_models=lambda: ["fcn"])
    monkeypatch.setitem(sys.modules, "torchvision", package("torchvision", models=models))
    monkeypatch.setitem(sys.modules, "torchvision.models", models)
    assert load_model("torchvision:fcn", arch_args={"num_classes": 2}).model.out_channels == 2
    with pytest.raises(LoadError, match="did you mean fcn"):
        load_model("torchvision:fcnn")


BROKEN = "raise RuntimeError('operator torchvision::nms does not exist')\n"


@pytest.mark.parametrize("prefix", PACKAGES)
@pytest.mark.parametrize("code", [BROKEN, f"def __getattr__(name):\n    {BROKEN}"])
def test_a_broken_package_is_told_from_a_missing_one(monkeypatch, tmp_path, prefix, code):
    """Packages that import what a name needs when it is asked for break only then."""
    name = PACKAGES[prefix]
    (tmp_path / f"{name}.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, name, None)  # so that what was there comes back
    del sys.modules[name]
    with pytest.raises(LoadError, match=r"installed but cannot be imported .*nms does not exist"):
        load_model(f"{prefix}:Net")


def test_bare_weights_are_described_with_the_closest_options(tmp_path, decoder):
    torch.save(decoder.state_dict(), tmp_path / "w.pth")
    values = sum(t.numel() for t in decoder.state_dict().values())
    message = (
        rf"9 tensors \(body\.0\.weight, .*\), {values} values, 1 looks like a transposed "
        r"convolution; name the model with --arch \('file\.py:factory'.*spandrel.*not installed"
    )
    with pytest.raises(LoadError, match=message):
        load_model(tmp_path / "w.pth")


def test_arch_args_are_literals_or_text():
    pairs = ["a=1", "b=[1, 2]", "c=nearest", "d=true", "e=None", "f=x=y", "g=", "h='1'"]
    assert parse_arch_args(pairs) == {
        "a": 1,
        "b": [1, 2],
        "c": "nearest",
        "d": True,
        "e": None,
        "f": "x=y",
        "g": "",
        "h": "1",
    }


@pytest.mark.parametrize("pairs", [["a"], ["=1"], ["a b=1"], ["a=1", "a=2"]])
def test_arch_args_of_another_form_are_refused(pairs):
    with pytest.raises(ParameterError, match="arch_arg="):
        parse_arch_args(pairs)


def test_a_module_of_a_package_that_breaks_is_told_like_the_package(tmp_path, monkeypatch):
    package = tmp_path / "breaks_inside"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('nms does not exist')")
    (package / "part.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(LoadError, match=r"installed but cannot be imported .*nms does not exist"):
        optional("breaks_inside.part", "an ONNX graph")
