"""What is refused before any worker is started."""

import pytest
from click.testing import CliRunner

from spectra.cluster import check_cluster
from spectra.cluster._open import device_of
from spectra.errors import ClusterError, ParameterError
from spectra_cli.main import main


@pytest.fixture
def without_dask(monkeypatch):
    monkeypatch.setattr("spectra.cluster._open.find_spec", lambda _: None)


@pytest.fixture
def with_dask(monkeypatch):
    monkeypatch.setattr("spectra.cluster._open.find_spec", lambda _: object())


@pytest.mark.parametrize(
    "command",
    [
        ["analyze", "net.pt", "in", "--workers", "2"],
        ["images", "in", "--scheduler", "tcp://node:8786"],
        ["compare", "a.pt", "b.pt", "--inputs", "in", "--workers", "2"],
    ],
)
def test_without_dask_one_line_names_the_extra(without_dask, command):
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 2
    assert "pip install 'spectra-artifacts[dask]'" in done.output
    assert "Traceback" not in done.output


def test_workers_here_and_a_cluster_there_exclude_each_other(with_dask):
    with pytest.raises(ParameterError, match="expected one of them"):
        check_cluster(workers=2, scheduler="tcp://node:8786")


def test_a_scheduler_is_an_address_or_a_file(with_dask, tmp_path):
    check_cluster(workers=None, scheduler="tcp://node:8786")
    with pytest.raises(ParameterError, match="--scheduler-file"):
        check_cluster(workers=None, scheduler=str(tmp_path / "scheduler.json"))
    (tmp_path / "scheduler.json").write_text("{}")
    check_cluster(workers=None, scheduler=str(tmp_path / "scheduler.json"))


def test_shards_and_workers_are_two_ways_of_sharing(with_dask):
    done = CliRunner().invoke(main, ["analyze", "a.pt", "in", "--shard", "0/2", "--workers", "2"])
    assert done.exit_code == 2
    assert "expected one of them" in done.output


def test_results_need_no_workers(with_dask, tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "summary.json").write_text("{}")
    command = ["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--workers", "2"]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 2
    assert "--workers: for models only" in done.output


def test_each_worker_sees_one_gpu_in_turn():
    seen = {"CUDA_VISIBLE_DEVICES": "GPU-a, GPU-b"}
    found = [device_of(number, seen)["CUDA_VISIBLE_DEVICES"].strip() for number in range(4)]
    assert found == ["GPU-a", "GPU-b", "GPU-a", "GPU-b"]
    assert device_of(0, {"CUDA_VISIBLE_DEVICES": ""}) == {}


def test_an_error_for_the_user_ends_with_two():
    assert ClusterError("gone").exit_code == 2
