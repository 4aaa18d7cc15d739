"""What a file or a folder names is listed in time that grows as the number of names does."""

import json
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import spectra
from spectra.errors import SpectraError
from spectra.inputs import open_inputs
from spectra.load import load_model, load_weights

COUNTS = pytest.mark.parametrize(  # the more, the less of a square hides behind what is linear
    "few", [40, pytest.param(100, marks=pytest.mark.slow)]
)
OURS = str(Path(spectra.__file__).parent)


def pictures(folder, count):
    for index in range(count):
        (folder / f"{index}.png").write_bytes(b"no picture")
        (folder / f"{index}.txt").write_bytes(b"nor this")
    return folder


def tensors(folder, count):
    """Write as many tensors, each of a part of its own."""
    torch.save({f"a{index}.weight": torch.ones(1) for index in range(count)}, folder / "x.pth")
    return folder / "x.pth"


def hyper_parameters(folder, count):
    content = {"hyper_parameters": {f"a{index}": 1 for index in range(count)}}
    torch.save({**content, "state_dict": nn.Conv2d(1, 1, 1).state_dict()}, folder / "x.pth")
    return folder / "x.pth"


def shards(folder, count):
    names = {f"a{index}": f"m-{index:05d}-of-{count:05d}.safetensors" for index in range(count)}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
    return folder


OPENERS = {
    "a folder of pictures": (pictures, open_inputs),
    "a pattern": (pictures, lambda folder: open_inputs(f"{folder}/*.*")),
    "pictures for a model": (pictures, load_model),
    "tensors": (tensors, load_weights),
    "tensors for a factory": (tensors, lambda path: load_model(path, arch=_net)),
    "hyper-parameters": (hyper_parameters, lambda path: load_model(path, arch=_net)),
    "shards": (shards, load_model),
}


def _net(width: int = 1) -> nn.Module:
    return nn.Conv2d(width, 1, 1)


def events(run):
    """Return how many instructions of ours Python runs in ``run``."""
    counted = 0

    def trace(frame, event, _):
        nonlocal counted
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        frame.f_trace_lines, frame.f_trace_opcodes = False, True  # a comprehension is one line
        counted += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    except SpectraError:
        pass
    finally:
        sys.settrace(before)
    return counted


@COUNTS
@pytest.mark.parametrize("name", OPENERS)
def test_four_times_the_names_take_four_times_the_steps(name, few, tmp_path):
    check_linear(*OPENERS[name], few, folder_of_all=tmp_path)


@COUNTS
def test_spandrel_looks_at_each_name_as_often_whatever_their_number(few, tmp_path, spandrel):
    check_linear(tensors, load_model, few, folder_of_all=tmp_path)


def check_linear(write, run, few, *, folder_of_all):
    steps = []
    for count in (few, 4 * few):
        folder = folder_of_all / str(count)
        folder.mkdir()
        path = write(folder, count)
        run_once = lambda path=path: run(path)  # noqa: E731
        events(run_once)  # imports
        steps.append(events(run_once))
    assert steps[1] < 1.25 * 4 * steps[0]
