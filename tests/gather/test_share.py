"""Which parts are a process's own, as it is told or as torchrun and SLURM tell."""

import pytest

from spectra.errors import ParameterError
from spectra.gather import Share


@pytest.mark.parametrize("count", [1, 3, 7])
def test_all_shares_together_are_all_parts_once(count):
    parts = [p for index in range(count) for p in Share.parse(f"{index}/{count}").parts(40)]
    assert sorted(parts) == list(range(40))


@pytest.mark.parametrize(
    ("environment", "share"),
    [
        ({"RANK": "3", "WORLD_SIZE": "8"}, (3, 8)),
        ({"SLURM_PROCID": "1", "SLURM_NTASKS": "4"}, (1, 4)),
        ({"SLURM_PROCID": "1", "SLURM_NTASKS": "8", "SLURM_STEP_NUM_TASKS": "2"}, (1, 2)),
        ({"RANK": "1", "WORLD_SIZE": "2", "SLURM_PROCID": "0", "SLURM_NTASKS": "1"}, (1, 2)),
        ({"SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "4"}, (2, 4)),
        (
            {
                "SLURM_ARRAY_TASK_ID": "11",
                "SLURM_ARRAY_TASK_COUNT": "4",
                "SLURM_ARRAY_TASK_MIN": "5",
                "SLURM_ARRAY_TASK_STEP": "3",
                "SLURM_PROCID": "0",
                "SLURM_NTASKS": "1",
            },
            (2, 4),
        ),
        (
            {
                "SLURM_ARRAY_TASK_ID": "1",
                "SLURM_ARRAY_TASK_COUNT": "2",
                "SLURM_PROCID": "2",
                "SLURM_NTASKS": "3",
            },
            (5, 6),
        ),
    ],
)
def test_the_environment_tells_a_process_its_share(environment, share):
    found = Share.parse("auto", environment)
    assert (found.index, found.count) == share


@pytest.mark.parametrize("text", ["4/4", "-1/4", "1", "a/b", "1/0", "", "1/4/2", "1.0/4"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(ParameterError, match="expected i/n with i from 0 to n - 1"):
        Share.parse(text)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "are not set: expected --shard i/n"),
        ({"RANK": "x", "WORLD_SIZE": "2"}, "RANK='x': expected a number"),
        ({"RANK": "2", "WORLD_SIZE": "2"}, "the environment says 2 of 2, from 0"),
        ({"SLURM_ARRAY_TASK_ID": "3"}, "SLURM_ARRAY_TASK_COUNT=None"),
        (
            {
                "SLURM_ARRAY_TASK_ID": "7",
                "SLURM_ARRAY_TASK_COUNT": "3",
                "SLURM_ARRAY_TASK_MIN": "1",
                "SLURM_ARRAY_TASK_STEP": "1",
            },
            "task 7 is not one of 3 at even steps from 1",
        ),
    ],
)
def test_an_environment_that_tells_nothing_is_refused(environment, said):
    with pytest.raises(ParameterError, match=said):
        Share.parse("auto", environment)
