"""ONNX graphs: the same steps and numbers as the model they were exported from, and no code run."""

import os
from contextlib import suppress

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import spectra
from spectra.capture import discover
from spectra.errors import LoadError, ModelError
from spectra.load import load_model

onnx = pytest.importorskip("onnx", reason="needs the extra onnx")
onnx2torch = pytest.importorskip("onnx2torch", reason="needs the extra onnx")
runtime = pytest.importorskip("onnxruntime", reason="needs the extra onnx")
helper, FLOAT = onnx.helper, onnx.TensorProto.FLOAT

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*legacy TorchScript-based ONNX:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
X = torch.rand(1, 3, 16, 20, generator=torch.Generator().manual_seed(0))


class Resized(nn.Module):
    def __init__(self, **how):
        super().__init__()
        torch.manual_seed(0)
        self.how, self.conv = how, nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, image):
        return self.conv(functional.interpolate(self.conv(image).relu(), **self.how))


def exported(model, path, *, opset=17, free=True):
    """Write what the old exporter of torch makes of a model."""
    axes = {"image": {0: "n", 2: "h", 3: "w"}} if free else None
    torch.onnx.export(
        model.eval(),
        (X,),
        str(path),
        opset_version=opset,
        dynamo=False,
        input_names=["image"],
        dynamic_axes=axes,
    )
    return path


def graph(nodes, path, *, weights=(), shape=(1, 3, 16, 20), opset=13, domain=""):
    """Write a graph by hand, from x to y."""
    ends = [
        helper.make_tensor_value_info(n, FLOAT, s) for n, s in (("x", shape), ("y", [None] * 4))
    ]
    made = helper.make_graph(nodes, "g", ends[:1], ends[1:], initializer=list(weights))
    imports = [helper.make_opsetid("", opset)]
    imports += [helper.make_opsetid(domain, 1)] if domain else []
    model = helper.make_model(made, opset_imports=imports, ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def outputs(path):
    """Return what a graph makes of the example in PyTorch and in onnxruntime."""
    loaded = load_model(path)
    with torch.no_grad():
        return loaded.model(X), loaded.reference([X])[0]


NETS = {
    "nearest": (lambda: Resized(scale_factor=2), "nearest", (2, 2)),
    "bilinear": (lambda: Resized(scale_factor=2, mode="bilinear"), "bilinear", (2, 2)),
    "corners": (
        lambda: Resized(scale_factor=2, mode="bilinear", align_corners=True),
        "bilinear",
        (),
    ),
    "bicubic": (lambda: Resized(scale_factor=2, mode="bicubic"), "bicubic", (2, 2)),
    "shuffle": (
        lambda: nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2)),
        "pixel_shuffle",
        (2, 2),
    ),
    "transposed": (
        lambda: nn.Sequential(
            nn.ConvTranspose2d(3, 8, 4, 2, 1), nn.BatchNorm2d(8), nn.ConvTranspose2d(8, 3, 1)
        ),
        "transposed_conv",
        (2, 2),
    ),
}


@pytest.mark.parametrize("opset", [13, 17, 18])
@pytest.mark.parametrize("name", NETS)
def test_an_export_gives_the_same_output_by_the_same_step(name, opset, tmp_path):
    make, kind, factor = NETS[name]
    torch.manual_seed(0)
    model = make()
    converted, reference = outputs(exported(model, tmp_path / "m.onnx", opset=opset))
    with torch.no_grad():
        assert torch.allclose(converted, model(X), atol=1e-5)
    assert torch.allclose(converted, reference, atol=1e-5)
    (step,) = discover(load_model(tmp_path / "m.onnx").model, X).steps
    assert (step.kind, step.factor) == (kind, factor)


RESIZES = {
    "nearest, asymmetric": ("nearest", "asymmetric", {"nearest_mode": "floor"}),
    "nearest, half pixel": ("nearest", "half_pixel", {}),
    "linear, half pixel": ("linear", "half_pixel", {}),
    "linear, asymmetric": ("linear", "asymmetric", {}),
    "linear, corners": ("linear", "align_corners", {}),
    "cubic, half pixel": ("cubic", "half_pixel", {}),
    "cubic, asymmetric": ("cubic", "asymmetric", {}),
}
KINDS = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic"}


def test_a_mode_that_is_no_text_is_refused_in_one_line(tmp_path):
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], mode="nearest")
    node.attribute[0].s = b"\xff"
    scales = onnx.numpy_helper.from_array(np.float32([1, 1, 2, 2]), "s")
    with pytest.raises(LoadError, match=r"m.onnx (is no valid|cannot be converted)"):
        load_model(graph([node], tmp_path / "m.onnx", weights=[scales]))


@pytest.mark.parametrize("name", RESIZES)
def test_a_resize_puts_its_pixels_where_onnxruntime_does(name, tmp_path):
    mode, where, more = RESIZES[name]
    scales = helper.make_tensor("s", FLOAT, [4], [1.0, 1.0, 3.0, 3.0])
    node = helper.make_node(
        "Resize", ["x", "", "s"], ["y"], mode=mode, coordinate_transformation_mode=where, **more
    )
    path = graph([node], tmp_path / "m.onnx", weights=[scales])
    converted, reference = outputs(path)
    assert torch.allclose(converted, reference, atol=2e-6)
    (step,) = discover(load_model(path).model, X).steps
    assert step.kind == KINDS[mode]


@pytest.mark.parametrize("order", ["DCR", "CRD"])
def test_depth_to_space_of_either_order_is_a_step_and_the_same(order, tmp_path):
    weight = torch.randn(12, 3, 1, 1, generator=torch.Generator().manual_seed(1))
    given = helper.make_tensor("w", FLOAT, [12, 3, 1, 1], weight.flatten().tolist())
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["h"]),
        helper.make_node("DepthToSpace", ["h"], ["y"], blocksize=2, mode=order),
    ]
    path = graph(nodes, tmp_path / "m.onnx", weights=[given])
    converted, reference = outputs(path)
    assert torch.allclose(converted, reference, atol=1e-5)
    (step,) = discover(load_model(path).model, X).steps
    assert step.kind in ("pixel_shuffle", "depth_to_space")
    assert step.factor == (2, 2)


def test_an_analysis_gives_the_numbers_of_the_model_and_says_how_well_it_agrees(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1),
        nn.BatchNorm2d(8),
        nn.ConvTranspose2d(8, 3, 4, 2, 1),
    ).eval()
    noise = torch.rand(16, 3, 40, 40, generator=torch.Generator().manual_seed(0))
    inputs, options = functional.avg_pool2d(noise, 9, 1), spectra.Options(blame=False)
    path = exported(model, tmp_path / "m.onnx")
    ours = spectra.analyze(path, inputs, options=options).summary
    own = spectra.analyze(model, inputs, options=options).summary
    assert ours.steps[0].label == "2/ConvTranspose"
    assert ours.steps[0].score.asr_dbc == pytest.approx(own.steps[0].score.asr_dbc, abs=1e-4)
    assert ours.output.score.asr_dbc == pytest.approx(own.output.score.asr_dbc, abs=1e-4)
    assert "onnxruntime gives the same output" in ours.warnings[0].text
    assert ours.model.format == "onnx"


def test_a_graph_that_converts_to_another_function_is_refused(tmp_path):
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], mode="cubic", cubic_coeff_a=0.5)
    scales = helper.make_tensor("s", FLOAT, [4], [1.0, 1.0, 2.0, 2.0])
    path = graph([node], tmp_path / "m.onnx", weights=[scales])
    with pytest.raises(ModelError, match=r"another output in PyTorch than in onnxruntime.*--arch"):
        spectra.analyze(path, X.expand(16, -1, -1, -1) * torch.rand(16, 1, 1, 1))


def test_an_operator_without_a_converter_is_named(tmp_path):
    nodes = [
        helper.make_node("Sinh", ["x"], ["h"]),
        helper.make_node("Det", ["h"], ["y"]),
    ]
    with pytest.raises(LoadError, match=r"cannot be converted to PyTorch: Det, Sinh; .*--arch"):
        load_model(graph(nodes, tmp_path / "m.onnx"))


def test_operators_of_an_extension_are_refused_by_name(tmp_path):
    node = helper.make_node("FusedConv", ["x"], ["y"], domain="com.microsoft")
    with pytest.raises(LoadError, match=r"not ONNX's own \(com.microsoft::FusedConv\)"):
        load_model(graph([node], tmp_path / "m.onnx", domain="com.microsoft"))


def test_the_name_of_a_node_cannot_run_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = '"+str(open("PWNED","w"))[:0]+"'
    path = graph([helper.make_node("Relu", ["x"], ["y"], name=name)], tmp_path / "m.onnx")
    with torch.no_grad():
        load_model(path).model(X)
    assert not os.path.exists("PWNED")
    # The converter alone runs it: so the danger is real.
    with pytest.raises(AttributeError):
        onnx2torch.convert(onnx.load(path))(X)
    assert os.path.exists("PWNED")


@pytest.mark.parametrize("name", ["self", "torch", "x): import os #", "lambda", "a.b"])
def test_an_input_of_any_name_is_called_something_harmless(name, tmp_path):
    ends = [helper.make_tensor_value_info(n, FLOAT, [1, 3, 16, 20]) for n in (name, "y")]
    made = helper.make_graph([helper.make_node("Relu", [name], ["y"])], "g", ends[:1], ends[1:])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    converted, reference = outputs(tmp_path / "m.onnx")
    assert torch.equal(converted, reference)


def outside(tmp_path, place, *, offset=None):
    """Write a graph whose weight lies in another file."""
    weight = helper.make_tensor("w", FLOAT, [3, 3, 1, 1], [0.0] * 9)
    weight.ClearField("float_data")
    weight.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", place), ("offset", offset), ("length", 36)):
        if value is not None:
            weight.external_data.add(key=key, value=str(value))
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"])]
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_bytes(bytes(64))
    (tmp_path / "in" / "w.bin").write_bytes(bytes(36))
    os.symlink(tmp_path / "secret", tmp_path / "in" / "link.bin")
    os.mkfifo(tmp_path / "in" / "pipe.bin")
    return graph(nodes, tmp_path / "in" / "m.onnx", weights=[weight])


@pytest.mark.parametrize(
    ("place", "offset"),
    [
        ("../secret", None),
        ("/etc/hostname", None),
        ("link.bin", None),
        ("pipe.bin", None),
        ("absent.bin", None),
        ("w.bin", 9),
        ("w.bin", "x"),
        ("w.bin", -4),
        ("", None),
    ],
)
def test_weights_are_read_from_regular_files_in_the_graphs_own_folder_only(tmp_path, place, offset):
    with pytest.raises(LoadError, match=r"keeps weights in"):
        load_model(outside(tmp_path, place, offset=offset))


def test_weights_beside_the_graph_are_read(tmp_path):
    converted, reference = outputs(outside(tmp_path, "w.bin"))
    assert not converted.any()
    assert not reference.any()


def test_a_weight_that_claims_more_than_it_holds_is_refused(tmp_path):
    weight = helper.make_tensor("w", FLOAT, [3, 3, 1, 1], bytes(36), raw=True)
    weight.dims[:] = [30000, 30000, 1, 1]
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"])]
    with pytest.raises(LoadError, match=r"is damaged: 'w' of shape \(30000, 30000, 1, 1\)"):
        load_model(graph(nodes, tmp_path / "m.onnx", weights=[weight]))


def test_a_damaged_graph_is_refused_by_a_line_of_its_own(tmp_path):
    whole = exported(Resized(scale_factor=2), tmp_path / "m.onnx").read_bytes()
    rng = torch.Generator().manual_seed(0)
    for _ in range(20):
        broken = bytearray(whole)
        for _ in range(4):
            spot = int(torch.randint(16, len(whole), (), generator=rng))
            broken[spot] = int(torch.randint(256, (), generator=rng))
        (tmp_path / "m.onnx").write_bytes(broken[: int(torch.randint(64, len(whole), ()))])
        with suppress(LoadError):  # or what is left is a graph
            load_model(tmp_path / "m.onnx")


def test_a_graph_of_fixed_size_runs_its_inputs_one_by_one_and_is_cropped_to_it(tmp_path):
    class Square(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.up = nn.ConvTranspose2d(3, 3, 4, 2, 1)

        def forward(self, image):
            return self.up(image.reshape(1, 3, 256).relu().reshape(1, 3, 16, 16))

    path = tmp_path / "m.onnx"
    torch.onnx.export(Square().eval(), (X[..., :16],), str(path), opset_version=13, dynamo=False)
    inputs = torch.rand(16, 3, 24, 24, generator=torch.Generator().manual_seed(0))
    summary = spectra.analyze(path, inputs, options=spectra.Options(blame=False)).summary
    assert summary.inputs.shape == (3, 16, 16)
    told = " ".join(finding.text for finding in summary.warnings)
    assert "cropped to 16x16, the one size that it takes, as it was exported" in told
    assert "inputs run one at a time" in told


def test_without_the_extra_the_line_says_what_to_install(tmp_path, monkeypatch):
    from spectra.load import _packages, _sight

    path = exported(Resized(scale_factor=2), tmp_path / "m.onnx")
    monkeypatch.setattr(_sight, "is_installed", lambda name: name != "onnxruntime")
    assert _packages.ONNX_PACKAGES[2] == "onnxruntime"
    with pytest.raises(
        LoadError, match=r"needs the package onnxruntime.*spectra-artifacts\[onnx\]"
    ):
        load_model(path)


def test_weights_that_an_exporter_shares_by_identity_nodes_are_found(tmp_path):
    weight = helper.make_tensor("w", FLOAT, [3, 3, 1, 1], [0.5] * 9)
    nodes = [
        helper.make_node("Identity", ["w"], ["same"]),
        helper.make_node("Conv", ["x", "w"], ["h"]),
        helper.make_node("Conv", ["h", "same"], ["y"]),
    ]
    converted, reference = outputs(graph(nodes, tmp_path / "m.onnx", weights=[weight]))
    assert torch.allclose(converted, reference, atol=1e-6)
