"""Processes that share each batch: their weights are those of one process alone."""

import json
import multiprocessing
import os
import sys
import traceback

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.distributed import TCPStore

from spectra.data import Augmentation, restoration_photographs
from spectra.errors import ModelError, ParameterError
from spectra.study import Training, restoration, train
from spectra.study._batches import training_batches
from spectra.study._team import Team, gathered

PATCHES = Augmentation(crop=(16, 16), flip="xy")
TASK = restoration(
    restoration_photographs("train").only(range(3)).varied(PATCHES),
    restoration_photographs("train").only([3, 4, 5]).varied(PATCHES),
)


class Net(nn.Sequential):
    """Two convolutions, and a weight that nothing uses, as STTR has one."""

    def __init__(self):
        super().__init__(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 3, 1))
        self.unused = nn.Parameter(torch.ones(2))


@pytest.fixture(autouse=True)
def no_curve(monkeypatch):
    monkeypatch.setattr("spectra.study._train.draw_curve", lambda part, rows, **_: part.touch())


@pytest.fixture(autouse=True)
def no_lingering(monkeypatch):
    monkeypatch.setattr("spectra.study._team.LINGERING", 0)


def together(size, work, said):
    """Run ``work(rank)`` in processes of one group, as torchrun does; return their exit codes.

    What each wrote to standard error, an uncaught error included, lies in ``said / rank``.
    """
    said.mkdir(exist_ok=True)
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)

    def one(rank):
        os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(size))
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(store.port))
        os.environ.update(TORCHELASTIC_USE_AGENT_STORE="True", TORCHELASTIC_RESTART_COUNT="0")
        with open(said / str(rank), "w") as sys.stderr:
            try:
                with gathered(cuda=False):
                    work(rank)
            except Exception:
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(1)

    context = multiprocessing.get_context("fork")  # torch is imported already
    processes = [context.Process(target=one, args=(rank,)) for rank in range(size)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return [process.exitcode for process in processes]


class Stop(Exception):
    pass


def stopping_after(step):
    def progress(what, done, total):
        if done == step:
            raise Stop

    return progress


def assert_same(one, other):
    """Check that two folders hold the same training to the rounding of sums in another order."""
    first, second = (load_file(folder / "weights.safetensors") for folder in (one, other))
    for name, weight in first.items():
        torch.testing.assert_close(weight, second[name], rtol=0, atol=2e-6)
    texts = [json.loads((folder / "training.json").read_text()) for folder in (one, other)]
    assert texts[0]["settings"] == texts[1]["settings"]
    assert texts[0]["values"] == pytest.approx(texts[1]["values"], abs=1e-4)
    losses = [[row["loss"] for row in text["history"][1:]] for text in texts]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"batch": 6},
        {"batch": 5, "adversarial": "pgd:eps=4/255,steps=2", "clip": 0.01},
        {"batch": 5, "adversarial": "fgsm:eps=4/255", "at_once": 1},
    ],
)
def test_two_processes_give_the_weights_of_one_and_the_first_writes(tmp_path, options):
    training = Training(steps=3, weight_decay=0.1, **options)
    two, one = tmp_path / "two", tmp_path / "one"
    train(TASK, Net, one, training=training)  # first, so that all is imported before it forks
    assert together(2, lambda _: train(TASK, Net, two, training=training), tmp_path / "s") == [0, 0]
    assert_same(two, one)
    assert sorted(path.name for path in two.iterdir()) == sorted(p.name for p in one.iterdir())


@pytest.mark.parametrize(("before", "after"), [(2, 1), (1, 2), (2, 3)])
def test_a_training_goes_on_with_another_number_of_processes(tmp_path, before, after):
    training = Training(steps=4, batch=6, checkpoint_every=2, adversarial="pgd:eps=4/255,steps=1")
    parts, whole, said = tmp_path / "parts", tmp_path / "whole", tmp_path / "said"

    def begin(_):
        with pytest.raises(Stop):
            train(TASK, Net, parts, training=training, progress=stopping_after(3))

    def go_on(_):
        seen = []
        train(TASK, Net, parts, training=training, progress=lambda _, n, __: seen.append(n))
        assert seen == [3, 4]

    assert together(before, begin, said) == [0] * before
    assert (parts / "checkpoint.pt").exists()
    assert together(after, go_on, said) == [0] * after
    train(TASK, Net, whole, training=training)
    assert_same(parts, whole)


@pytest.mark.parametrize("failing", [0, 1])
def test_where_one_process_fails_all_end_and_it_alone_says_why(tmp_path, failing):
    def work(rank):
        def progress(what, done, total):
            if rank == failing and done == 2:
                raise ModelError("the model failed in 'conv'")

        train(TASK, Net, tmp_path / "out", training=Training(steps=9, batch=4), progress=progress)

    codes = together(2, work, tmp_path / "said")
    assert codes[failing] == 1  # of `together`, which shows the error
    assert codes[1 - failing] == 2
    said = (tmp_path / "said" / str(failing)).read_text().splitlines()
    assert said[-1] == "spectra.errors.ModelError: the model failed in 'conv'"
    assert (tmp_path / "said" / str(1 - failing)).read_text() == ""


def test_a_process_that_vanishes_is_reported_by_one_that_missed_it(tmp_path):
    def work(rank):
        def progress(what, done, total):
            if rank == 1 and done == 2:
                os._exit(9)

        train(TASK, Net, tmp_path / "out", training=Training(steps=9, batch=4), progress=progress)

    assert together(2, work, tmp_path / "said") == [1, 9]
    said = (tmp_path / "said" / "0").read_text().splitlines()
    assert said[-1].startswith("spectra.errors.SpectraError: process 0 of 2 lost another (")
    assert said[-1].endswith("the same command goes on at the last checkpoint")


def test_processes_that_torchrun_did_not_begin_are_refused_in_one_line(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with (
        pytest.raises(ParameterError, match=r"WORLD_SIZE is set, but .*torchrun"),
        gathered(cuda=False),
    ):
        pass


def test_a_batch_smaller_than_the_team_is_refused():
    with pytest.raises(ParameterError, match=r"batch=3 on 4 processes: .*batch=4 or more"):
        next(training_batches(TASK.train, Training(batch=3), first=0, team=Team(0, 4)))
