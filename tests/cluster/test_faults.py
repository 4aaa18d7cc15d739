"""Workers, clients and schedulers die, disks fill up: the result has the bits of a quiet run."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from support.workers import a_cluster, ended, finished_parts, lives, until, workers_of

pytestmark = [pytest.mark.cluster, pytest.mark.skipif(os.name != "posix", reason="sends signals")]
SLOW = {"NET_SECONDS": "0.3"}  # a batch: one can be met in the middle
OF_THE_RUN = {"created", "command", "elapsed_s", "forward_s"}


def without_the_run(held):
    """Return a summary without what differs from run to run."""
    if isinstance(held, dict):
        return {name: without_the_run(v) for name, v in held.items() if name not in OF_THE_RUN}
    return [without_the_run(each) for each in held] if isinstance(held, list) else held


def assert_same(out, alone):
    """Assert that two results have the same numbers, to the last bit."""
    ours, theirs = (json.loads((each / "summary.json").read_text()) for each in (out, alone))
    assert without_the_run(ours) == without_the_run(theirs)
    with (
        xr.open_datatree(out / "spectra.nc") as one,
        xr.open_datatree(alone / "spectra.nc") as other,
    ):
        assert one.groups == other.groups
        for group in one.groups:
            names = set(one[group].variables) | set(other[group].variables)
            for name in names:
                mine, other_values = one[group][name].values, other[group][name].values
                assert mine.tobytes() == other_values.tobytes(), (group, name)


def left_behind(folder):
    """Return what workers left in the folder of temporary files."""
    return sorted(path.name for path in Path(folder).glob("spectra-workers-*"))


def test_two_workers_give_the_bits_of_one_run_and_leave_nothing_behind(
    start, alone, tmp_path, monkeypatch
):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    process = start(tmp_path / "out", "--workers", 2)
    code, stdout, stderr = ended(process)
    assert (code, "Traceback" in stderr) == (0, False), stderr
    assert "Verdict" in stdout
    assert "distributed" not in stderr
    assert "goes on with" not in stderr
    assert_same(tmp_path / "out", alone)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "out") == []


def test_a_worker_that_is_killed_costs_its_part_and_no_bit(start, alone, tmp_path):
    process = start(tmp_path / "out", "--workers", 2, environment=SLOW)
    until(lambda: finished_parts(tmp_path / "out"), process)
    os.kill(workers_of(process)[0], signal.SIGKILL)
    code, _, stderr = ended(process)
    assert (code, "left out" in stderr) == (0, False), stderr
    assert_same(tmp_path / "out", alone)


def test_after_all_died_the_same_command_measures_no_finished_part_again(start, alone, tmp_path):
    out = tmp_path / "out"
    process = start(out, "--workers", 2, environment=SLOW)
    until(lambda: finished_parts(out), process)
    crew = workers_of(process)
    for pid in (process.pid, *crew):
        os.kill(pid, signal.SIGKILL)
    process.communicate()
    kept = {file: file.stat().st_mtime_ns for file in finished_parts(out)}
    assert 0 < len(kept) < 4
    again = start(out, "--workers", 2, environment=SLOW)
    until(lambda: len(finished_parts(out)) > len(kept), again)
    now = {file: file.stat().st_mtime_ns for file in finished_parts(out)}
    assert {file: now.get(file) for file in kept} == kept
    code, _, stderr = ended(again)
    assert code == 0, stderr
    assert "goes on with the finished parts" in stderr
    assert_same(out, alone)
    assert not any(map(lives, crew))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_workers_and_keeps_what_they_finished(start, tmp_path, number, code):
    out = tmp_path / "out"
    process = start(out, "--workers", 2, environment={**SLOW, "TMPDIR": str(tmp_path)})
    until(lambda: finished_parts(out), process)
    crew = workers_of(process)
    assert len(crew) == 2
    process.send_signal(number)
    found, _, stderr = ended(process)
    assert found == code, stderr
    assert "the same command goes on with them" in stderr
    assert "Traceback" not in stderr
    assert finished_parts(out)
    assert left_behind(tmp_path) == []
    until(lambda: not any(map(lives, crew)))


def test_an_input_that_ends_its_process_is_named_and_left_out(start, place, tmp_path):
    bright = np.random.default_rng(1).integers(240, 256, (32, 32, 3), np.uint8)
    from PIL import Image

    poison = place / "in" / "070.png"
    healthy = poison.read_bytes()
    Image.fromarray(bright).save(poison)
    try:
        out = tmp_path / "out"
        process = start(out, "--workers", 2, environment={"NET_POISON": "1"})
        code, _, stderr = ended(process)
    finally:
        poison.write_bytes(healthy)
    assert code == 0, stderr
    summary = json.loads((out / "summary.json").read_text())
    dropped = {Path(each["source"]).name: each["reason"] for each in summary["inputs"]["dropped"]}
    assert set(dropped) == {"003.png", "070.png"}
    assert "SIGKILL" in dropped["070.png"]
    assert summary["inputs"]["used"] == 198
    assert "is left out" in stderr


def test_a_full_disk_is_one_clear_line_and_keeps_no_half_of_a_part(start, tmp_path):
    out = tmp_path / "out"

    code, _, stderr = ended(start(out, "--workers", 2, limit=20_000))
    assert code == 2, stderr
    assert "cannot be written" in stderr
    assert "Traceback" not in stderr
    assert finished_parts(out) == []
    assert not list(Path(f"{out}.parts").glob(".*"))
    assert not out.exists()


def test_the_workers_of_a_cluster_that_is_there_give_the_same_bits(start, alone, tmp_path):
    with a_cluster(tmp_path) as (_, file):
        code, _, stderr = ended(start(tmp_path / "out", "--scheduler", file))
        assert code == 0, stderr
    assert_same(tmp_path / "out", alone)


def test_without_its_scheduler_a_run_ends_with_a_line_and_goes_on_later(start, alone, tmp_path):
    out = tmp_path / "out"
    with a_cluster(tmp_path) as (scheduler, file):
        process = start(out, "--scheduler", file, environment=SLOW)
        until(lambda: finished_parts(out), process)
        scheduler.kill()
        code, _, stderr = ended(process)
    assert code == 2, stderr
    assert "is gone" in stderr
    assert "Traceback" not in stderr
    assert "the same command goes on with them" in stderr
    code, _, stderr = ended(start(out))
    assert code == 0, stderr
    assert_same(out, alone)


def test_pictures_looked_at_by_two_workers_are_seen_as_by_one(start, place, tmp_path):
    from PIL import Image

    rng = np.random.default_rng(2)
    (tmp_path / "in").mkdir()
    for number in range(20):
        small = Image.fromarray(rng.integers(0, 256, (48, 48, 3), np.uint8))
        small.resize((96, 96), number % 3).save(tmp_path / "in" / f"{number}.png")
    (tmp_path / "in" / "7.png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")
    verb = ("images", str(tmp_path / "in"))
    found = []
    for name, more in (("one", []), ("two", ["--workers", 2])):
        process = start(tmp_path / name, "--json", *more, verb=verb)
        code, stdout, stderr = ended(process)
        assert code == 0, stderr
        found.append(without_the_run(json.loads(stdout)))
    assert found[0] == found[1]


def test_checkpoints_compared_by_two_workers_give_the_numbers_of_one(start, place, tmp_path):
    torch = pytest.importorskip("torch")
    files = []
    for number in range(2):
        generator = torch.Generator().manual_seed(number)
        weights = {
            "1.weight": torch.randn(4, 3, 3, 3, generator=generator) / 3,
            "1.bias": torch.zeros(4),
            "3.weight": torch.randn(4, 3, 3, 3, generator=generator) / 3,
            "3.bias": torch.zeros(3),
        }
        files.append(tmp_path / f"epoch{number}.pt")
        torch.save(weights, files[-1])
    verb = ("compare", *map(str, files), "--arch", "net.py:build", "--inputs", "in")
    found = []
    for more in ([], ["--workers", 2]):
        process = start(tmp_path / f"c{len(more)}", "--json", *more, verb=verb)
        code, stdout, stderr = ended(process)
        assert code == 0, stderr
        found.append(without_the_run(json.loads(stdout)))
    assert found[0] == found[1]
