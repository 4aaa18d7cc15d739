"""The command of a training: what it refuses, and one that runs."""

import json
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from spectra.study import __main__ as command
from spectra.study._named import network_by_name


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
    assert network_by_name(f"{nets}:labels", {}, classes=4)().out_channels == 4
    assert network_by_name(f"{nets}:labels", {"classes": 7}, classes=4)().out_channels == 7
    assert network_by_name(f"{nets}:one", {}, classes=4)().out_channels == 3


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


TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]


def torchrun(*arguments):
    command = [*TORCHRUN, "--standalone", "-m", "spectra.study", "train", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_torchrun_gives_the_weights_of_one_process_and_answers_once(tmp_path, nets):
    given = ("--task", "restoration", "--model", f"{nets}:one", "--steps", 3, "--batch", 5)
    given += ("--adversarial", "fgsm:eps=2/255", "--attack", "fgsm:eps=1/255", "--device", "cpu")
    done = torchrun(*given, "--out", tmp_path / "two")
    assert (done.returncode, done.stderr) == (0, "")
    alone = [sys.executable, "-m", "spectra.study", "train", *map(str, given)]
    one = subprocess.run(
        [*alone, "--out", tmp_path / "one"], capture_output=True, text=True, check=True
    )
    assert done.stdout.replace("/two", "/one") == one.stdout
    weights = [load_file(tmp_path / name / "weights.safetensors") for name in ("one", "two")]
    for name, weight in weights[0].items():
        torch.testing.assert_close(weight, weights[1][name], rtol=0, atol=2e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "{}:none"], "returned int: expected a torch.nn.Module"),
        (["--model", "{}:one", "--batsh", "1"], "unrecognized arguments: --batsh 1"),
    ],
)
def test_under_torchrun_what_is_wrong_is_said_once(tmp_path, nets, arguments, said):
    given = [text.format(nets) for text in arguments]
    done = torchrun("--task", "restoration", "--out", tmp_path / "out", "--device", "cpu", *given)
    assert done.returncode != 0
    assert done.stderr.count(said) == 1
    ours = [line for line in done.stderr.splitlines() if line.startswith(("spectra:", "python"))]
    assert len(ours) == 1  # the rest is torchrun's
