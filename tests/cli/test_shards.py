"""Runs in parts: killed, continued, spread over processes, and merged, as real processes do it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from spectra_cli.main import main

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are sent by POSIX")
ROOT = Path(__file__).parents[2]
NETS = """
import os, signal
import torch
from torch import nn

RAN = []

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.up = nn.ConvTranspose2d(3, 3, 3, stride=2, padding=1, output_padding=1)
        self.passes = 0  # with more than one input: those of the measuring

    def forward(self, x):
        self.passes += len(x) == 16
        RAN.append(len(x))
        if self.passes == int(os.environ.get("END_AT", -1)):
            os.kill(os.getpid(), getattr(signal, os.environ["END_BY"]))
        return self.up(x)

def build():
    return Net().eval()
"""
INPUTS = "random:image?shape=3,24,24&n=150"  # three parts, 10 batches
COMMAND = ("nets.py:build", INPUTS, "--num=150", "--no-blame", "--batch=16")
RESULT = ("--formats=json,nc", "--threads=1")
HANGS = 300


def spectra(folder, *arguments, **environment):
    """Run the command in a process of its own; return its code, stdout and stderr."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-m", "spectra_cli", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        check=False,
        text=True,
        timeout=HANGS,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # a background job's is off
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def analyze(folder, out, *options, **environment):
    return spectra(folder, "analyze", *COMMAND, *RESULT, "--out", out, *options, **environment)


def arrays(folder):
    """Return all arrays of a result, by name."""
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "iufc":
            found[name] = item[()]

    with h5py.File(folder / "spectra.nc") as file:
        file.visititems(visit)
    assert len(found) > 50
    return found


def summary(folder):
    """Return the numbers and sentences of a result, without when and how long."""
    held = json.loads((folder / "summary.json").read_text())
    held.pop("created")
    for name in ("elapsed_s", "forward_s", "command"):
        held["run"].pop(name)
    return held


def assert_same_result(one, other):
    mine, theirs = arrays(one), arrays(other)
    assert mine.keys() == theirs.keys()
    differing = [n for n, v in mine.items() if v.tobytes() != theirs[n].tobytes()]
    assert differing == []
    assert summary(one) == summary(other)
    assert sorted(p.name for p in one.iterdir()) == sorted(p.name for p in other.iterdir())


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return a folder with the model, and in it the result of one run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "nets.py").write_text(NETS)
    code, _, stderr = analyze(folder, "out")
    assert code == 0, stderr
    assert sorted(p.name for p in folder.iterdir() if p.name[0] != "_") == ["nets.py", "out"]
    return folder


@pytest.mark.slow
def test_tasks_of_an_array_and_a_merge_are_one_run_bit_for_bit(whole):
    for task in (5, 3, 2, 4):
        code, stdout, _ = analyze(
            whole,
            "array",
            "--shard=auto",
            SLURM_ARRAY_TASK_ID=str(task),
            SLURM_ARRAY_TASK_MIN="2",
            SLURM_ARRAY_TASK_COUNT="4",
        )
        assert code == 0
    assert stdout.startswith("Shard    2/4: 1 parts measured, 0 were there; all are there")
    assert stdout.rstrip().endswith(
        "spectra merge array --trust"
    )  # what merging without it refuses
    code, _, stderr = spectra(whole, "merge", "array", *RESULT[:1])
    assert (code, (whole / "array").exists()) == (2, False)
    assert "the shards ran code of nets.py:build: --trust runs it here as well" in stderr
    assert spectra(whole, "merge", "array.parts", "--trust", *RESULT[:1])[0] == 0
    assert_same_result(whole / "array", whole / "out")
    assert not (whole / "array.parts").exists()


@pytest.mark.slow
def test_what_was_killed_goes_on_and_measures_no_finished_part_again(whole):
    at = {"END_AT": "8", "END_BY": "SIGKILL"}  # in the second part: one pass is a trial
    assert analyze(whole, "killed", "--shard=0/1", **at)[0] == -signal.SIGKILL
    first = whole / "killed.parts" / "pass-000000-000001.npz"
    made = first.stat().st_mtime_ns
    assert sorted(p.name for p in first.parent.iterdir()) == [first.name, "plan.json"]
    code, stdout, _ = analyze(whole, "killed", "--shard=0/1")
    assert code == 0
    assert stdout.startswith("Shard    0/1: 2 parts measured, 1 were there; all are there")
    assert not first.exists() or first.stat().st_mtime_ns == made
    code, _, stderr = analyze(whole, "killed")  # without shards: adds up what is there
    assert code == 0
    assert "goes on with the finished parts in killed.parts" in stderr
    assert_same_result(whole / "killed", whole / "out")
    assert not first.parent.exists()


PLAIN = """
from pathlib import Path
import spectra
from nets import RAN, build
from spectra.gather import PartFiles

if __name__ == "__main__":
    files = PartFiles(Path("plain.parts"), every=0, say=print)  # the command writes once a minute
    options = spectra.Options(num=150, batch=16, blame=False, threads=1)
    inputs = "random:image?shape=3,24,24&n=150"
    result = spectra.run.analyze(build(), inputs, options=options, files=files)
    print("passes:", RAN.count(16))
    result.save(Path("plain"), formats=("json", "nc"))
"""


@pytest.mark.slow
def test_a_run_without_shards_goes_on_after_kill_nine_with_the_same_bits(whole):
    folder = whole
    (folder / "plain.py").write_text(PLAIN)
    path = os.pathsep.join([str(ROOT), str(folder), os.environ.get("PYTHONPATH", "")])

    def run(**environment):
        return subprocess.run(
            [sys.executable, "plain.py"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path, **environment},
            capture_output=True,
            check=False,
            text=True,
            timeout=HANGS,
        )

    killed = run(END_AT="8", END_BY="SIGKILL")  # in the second part
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert [p.name for p in (folder / "plain.parts").glob("*.npz")] == ["pass-000000-000001.npz"]
    again = run()
    assert again.returncode == 0, again.stderr
    assert "goes on with the finished parts" in again.stdout
    assert "passes: 6" in again.stdout  # a trial, four of the second part and one of the third
    mine, theirs = arrays(folder / "plain"), arrays(folder / "out")
    assert [n for n, v in mine.items() if v.tobytes() != theirs[n].tobytes()] == []


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_what_was_interrupted_keeps_its_finished_parts_and_says_so(whole, number, code):
    out = f"stopped-{number}"
    ended, _, stderr = analyze(whole, out, "--shard=0/1", END_AT="8", END_BY=number)
    assert ended == code
    assert f"finished parts are kept in {out}.parts: the same command goes on with them" in stderr
    assert (whole / f"{out}.parts" / "pass-000000-000001.npz").exists()
    assert not (whole / out).exists()
    code, _, stderr = analyze(whole, out)
    assert (code, "goes on with" in stderr) == (0, True)
    assert_same_result(whole / out, whole / "out")


@pytest.mark.slow
def test_damaged_missing_and_foreign_parts_are_named_and_nothing_is_written(whole):
    assert analyze(whole, "bad", "--shard=0/2")[0] == 0
    code, _, stderr = spectra(whole, "merge", "bad", "--trust")
    assert (code, "1 of 3 parts are missing: pass-000001" in stderr) == (2, True)
    assert analyze(whole, "bad", "--shard=1/2")[0] == 0
    file = next((whole / "bad.parts").glob("pass-*.npz"))
    data = file.read_bytes()
    for broken in (data[: len(data) // 2], data[:5000] + b"\0" * 64 + data[5064:]):
        file.write_bytes(broken)
        code, _, stderr = spectra(whole, "merge", "bad", "--trust")
        assert (code, f"{file.relative_to(whole)} is damaged" in stderr) == (2, True)
    file.write_bytes(data)
    code, _, stderr = analyze(whole, "bad", "--crop=16")
    assert (code, "holds parts of another run" in stderr) == (2, True)
    assert "crop None there, 16 here" in stderr
    assert not (whole / "bad").exists()
    assert spectra(whole, "merge", "bad", "--trust", *RESULT[:1])[0] == 0
    assert_same_result(whole / "bad", whole / "out")


@pytest.mark.slow
def test_a_full_disk_ends_a_shard_in_one_line_and_whole_parts_stay(whole):
    assert analyze(whole, "full", "--shard=0/3")[0] == 0
    first = whole / "full.parts" / "pass-000000-000001.npz"
    kept = first.read_bytes()
    limited = f'ulimit -f 200; exec {sys.executable} -m spectra_cli "$@"'  # of 1024 bytes
    done = subprocess.run(
        ["bash", "-c", limited, "-", "analyze", *COMMAND, "--out=full", "--shard=1/3"],
        cwd=whole,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
        text=True,
        timeout=HANGS,
    )
    assert done.returncode == 2
    assert "pass-000001-000002.npz cannot be written: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert first.read_bytes() == kept
    assert sorted(p.name for p in first.parent.iterdir()) == [first.name, "plan.json"]
    assert analyze(whole, "full")[0] == 0
    assert_same_result(whole / "full", whole / "out")


@pytest.mark.slow
def test_shards_that_wait_for_each_other_run_all_passes_where_maps_share_content(whole):
    shared = whole / "shared.npy"
    rng = np.random.default_rng(0)
    fixed = rng.random((1, 3, 24, 24))
    np.save(shared, (0.1 * rng.random((150, 3, 24, 24)) + fixed).astype(np.float32))
    command = ("analyze", "nets.py:build", shared.name, *COMMAND[2:], *RESULT)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    start = [sys.executable, "-m", "spectra_cli", "-q"]
    ranks = [
        subprocess.Popen(
            [*start, *command, "--out=ranks", "--shard=auto", "--wait=200"],
            cwd=whole,
            env={**os.environ, "PYTHONPATH": path, "RANK": str(rank), "WORLD_SIZE": "2"},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    said = [rank.communicate(timeout=HANGS)[0] for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0]
    assert all("all are there" in each for each in said)
    names = sorted(p.name for p in (whole / "ranks.parts").iterdir())
    assert names[:2] == [f"{n}-000000-000003.npz" for n in ("apart", "mean")]
    assert "rough-000000-000001.npz" in names
    assert spectra(whole, "merge", "ranks", "--trust", *RESULT[:1])[0] == 0
    assert spectra(whole, *command, "--out=single")[0] == 0
    assert summary(whole / "single")["output"]["score"]["content_share"] > 0.1
    assert_same_result(whole / "ranks", whole / "single")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("merge", "nothing"), "nothing.parts holds no plan.json"),
        (("analyze", "m.pth", "x", "--shard", "3/3"), "expected i/n with i from 0 to n - 1"),
        (("analyze", "m.pth", "x", "--shard", "0/2", "--fail-above", "3"), "to spectra merge"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path, monkeypatch, arguments, said):
    from click.testing import CliRunner

    for check in ("load.check_source", "inputs.check_inputs"):
        monkeypatch.setattr(f"spectra.{check}", lambda *_, **__: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RANK", raising=False)
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("held", ["{}", "[", '{"schema": "spectra.parts/1"}', "[" * 100_000])
def test_a_plan_that_is_none_is_refused(tmp_path, monkeypatch, held):
    from click.testing import CliRunner

    monkeypatch.chdir(tmp_path)
    (tmp_path / "o.parts").mkdir()
    (tmp_path / "o.parts" / "plan.json").write_text(held)
    done = CliRunner().invoke(main, ["merge", "o"])
    assert done.exit_code == 2
    assert "plan.json" in done.stderr
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["evil.py:make", "x.npy"],
        ["m.pth", "evil.py:data"],
        ["m.pth", "x", "--arch", "os:system"],
        ["m.pth", "x", "--trust"],
        ["m.pth", "x", "--out", "elsewhere", "--force"],
        ["m.pth", "x", 1],
    ],
)
def test_a_plan_runs_no_code_and_chooses_no_place_by_itself(tmp_path, monkeypatch, arguments):
    from click.testing import CliRunner

    monkeypatch.chdir(tmp_path)
    for name in ("evil.py", "m.pth"):
        (tmp_path / name).write_text("raise SystemExit(77)")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "o.parts").mkdir()
    plan = {"schema": "spectra.parts/1", "plan": {}, "parts": 0}
    text = json.dumps({**plan, "request": {"arguments": arguments}})
    (tmp_path / "o.parts" / "plan.json").write_text(text)
    before = time.time()
    done = CliRunner().invoke(main, ["merge", "o"])
    assert done.exit_code == 2
    assert "internal" not in done.stderr
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert (tmp_path / "elsewhere").stat().st_mtime < before
