"""The command of a training: what it refuses, and one that runs."""

import json

import pytest
import torch

from spectra.study import __main__ as command
from spectra.study._train_command import TASKS, _factory


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr("sys.argv", ["spectra.study", "train", *map(str, arguments)])
    try:
        command.main()
        code = 0
    except SystemExit as stop:
        code = stop.code
    return code, *capsys.readouterr()


@pytest.fixture
def nets(tmp_path):
    path = tmp_path / "nets.py"
    path.write_text(
        "from torch import nn\n"
        "def one(size=1):\n    return nn.Conv2d(3, 3, size, padding=size // 2)\n"
        "def none():\n    return 3\n"
        "def labels(classes):\n    return nn.Conv2d(3, classes, 1)\n"
    )
    return path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "{}:one", "--data", "{}"], "nets.py is a file: expected the folder of GoPro"),
        (["--model", "{}:two"], "has no 'two'"),
        (["--model", "{}:none"], "returned int: expected a torch.nn.Module"),
        (["--model", "{}:one", "--arch-arg", "size"], "expected NAME=VALUE"),
        (["--model", "{}:one", "--arch-arg", "side=3"], "unexpected keyword argument 'side'"),
        (["--model", "{}:one", "--steps", "0"], "steps=0"),
        (["--model", "{}:one", "--adversarial", "fgms"], "attack='fgms'"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_one_line(
    monkeypatch, capsys, tmp_path, nets, arguments, said
):
    given = [text.format(nets) for text in arguments]
    out = tmp_path / "out"
    code, answer, errors = run(
        monkeypatch, capsys, "--task", "restoration", "--out", out, "--device", "cpu", *given
    )
    assert code == 2
    assert said in errors
    assert len(errors.splitlines()) == 1
    assert answer == ""
    assert not out.exists()


def test_factories_that_ask_for_classes_are_told(nets):
    task = TASKS["segmentation"][0]()
    assert _factory(f"{nets}:labels", [], task)().out_channels == 4
    assert _factory(f"{nets}:labels", ["classes=7"], task)().out_channels == 7


@pytest.mark.slow
def test_a_command_trains_answers_and_answers_again(monkeypatch, capsys, tmp_path, nets):
    threads = torch.get_num_threads()
    given = ("--task", "restoration", "--model", f"{nets}:one", "--out", tmp_path / "out")
    given += ("--steps", 2, "--batch", 2, "--adversarial", "fgsm:eps=2/255", "--threads", threads)
    code, answer, errors = run(monkeypatch, capsys, *given, "--device", "cpu")
    assert (code, errors) == (0, "")
    written = json.loads((tmp_path / "out" / "training.json").read_text())
    assert f"{written['values']['psnr']:.3f}" in answer
    assert written["settings"]["adversarial"] == "fgsm:eps=2/255,loss=psnr"
    assert run(monkeypatch, capsys, *given, "--device", "cpu") == (0, answer, "")
