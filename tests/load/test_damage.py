"""Whatever happens to a file, the answer is a model, inputs or one clear line, and no code runs.

``benchmarks/fuzz_loaders.py`` does the same for minutes.
"""

import contextlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.errors import SpectraError
from spectra.inputs import check_inputs, open_inputs
from spectra.load import check_source, load_model
from support.files import damaged, damaged_folder, make, valid_files
from support.mutants import mutant
from support.openers import count_opened, destructors_are_silent

bounded = settings(max_examples=60, deadline=None, derandomize=True)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch, in exporting


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("damage")


@pytest.fixture(scope="module")
def crater(place):
    return place / "crater"


@pytest.fixture(scope="module")
def files(place, crater):
    return valid_files(place, crater)


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_printed_by_destructors():
    with destructors_are_silent():
        yield


def opened(source):
    """Open ``source`` in every way; return how many ways gave something."""
    return count_opened(
        lambda: load_model(source, arch=make),
        lambda: load_model(source),
        lambda: list(open_inputs(source).batches(2)),
    )


ARRAYS = {"arrays in a zip", "npy", "npz", "npz packed", "tensor", "hdf5", "netcdf3"}
OPENED = (
    {"zip", "legacy", "lightning", "safetensors"} | ARRAYS | {"png", "jpeg", "tiff", "bmp", "webp"}
)


def test_undamaged_the_files_are_what_they_are_meant_to_be(place, crater, files):
    for name, data in files.items():
        (place / "file").write_bytes(data)
        assert (opened(place / "file") > 0) == (name in OPENED), name
    assert not crater.exists()


IN_A_PROCESS = {"hdf5", "netcdf3"}  # read by a process of its own, which takes a second to start


@bounded
@given(seed=st.integers(0, 2**40))
def test_damaged_files_raise_nothing_but_clear_errors(place, crater, files, seed):
    open_damaged(place, crater, files, sorted(files.keys() - IN_A_PROCESS), seed=seed)


@settings(bounded, max_examples=3)
@given(seed=st.integers(0, 2**40))
def test_damaged_netcdf_files_raise_nothing_but_clear_errors(place, crater, files, seed):
    open_damaged(place, crater, files, sorted(IN_A_PROCESS), seed=seed)


@pytest.mark.slow
@settings(bounded, max_examples=10)
@given(seed=st.integers(0, 2**40))
def test_more_damaged_netcdf_files_raise_nothing_but_clear_errors(place, crater, files, seed):
    open_damaged(place, crater, files, sorted(IN_A_PROCESS), seed=seed)


def open_damaged(place, crater, files, kinds, *, seed):
    chance = random.Random(seed)
    name = chance.choice(kinds)
    (place / "file").write_bytes(damaged(files[name], chance))
    opened(place / "file")
    assert not crater.exists()


FAST = (
    "zip",
    "legacy",
    "lightning",
    "safetensors",
    "npy",
    "npz",
    "tensor",
    "png",
    "jpeg",
    "tiff",
    "bmp",
    "webp",
    "arrays in a zip",
    "bomb in a zip",
    "bomb in an npy",
)


@bounded
@given(seed=st.integers(0, 2**40), kind=st.sampled_from(FAST))
def test_files_that_are_wrong_inside_raise_nothing_but_clear_errors(
    place, crater, files, seed, kind
):
    (place / "file").write_bytes(mutant(kind, files[kind], random.Random(seed), place / "made"))
    opened(place / "file")
    assert not crater.exists()


@settings(bounded, max_examples=4)
@given(seed=st.integers(0, 2**40))
def test_netcdf_files_that_nobody_would_write_raise_nothing_but_clear_errors(place, files, seed):
    open_unusual(place, files, seed)


@pytest.mark.slow
@settings(bounded, max_examples=30)
@given(seed=st.integers(0, 2**40))
def test_more_such_netcdf_files_raise_nothing_but_clear_errors(place, files, seed):
    open_unusual(place, files, seed)


def open_unusual(place, files, seed):
    chance = random.Random(seed)
    kind = chance.choice(("hdf5", "hdf5", "netcdf3"))
    (place / "file").write_bytes(mutant(kind, files[kind], chance, place / "made"))
    with contextlib.suppress(SpectraError):
        list(open_inputs(place / "file").batches(2))


def test_most_files_that_are_wrong_inside_get_past_the_first_check(place, files):
    past = 0
    for index in range(300):
        kind = FAST[index % len(FAST)]
        (place / "file").write_bytes(mutant(kind, files[kind], random.Random(index), place / "m"))
        for check in (check_source, check_inputs):
            with contextlib.suppress(SpectraError):
                check(place / "file")
                past += 1
                break
    assert past > 240


@settings(bounded, max_examples=100)
@given(seed=st.integers(0, 2**40))
def test_damaged_folders_raise_nothing_but_clear_errors(place, crater, seed):
    folder = place / "model"
    folder.mkdir(exist_ok=True)
    damaged_folder(folder, random.Random(seed))
    opened(folder)
    with contextlib.suppress(SpectraError):
        load_model(folder / "model.safetensors.index.json", arch=make)


@settings(bounded, max_examples=100)
@given(data=st.binary(max_size=64), seed=st.integers(0, 2**40))
def test_short_files_raise_nothing_but_clear_errors(place, files, data, seed):
    open_short(place, files, sorted(files.keys() - IN_A_PROCESS), data=data, seed=seed)


@pytest.mark.slow
@settings(bounded, max_examples=10)
@given(data=st.binary(max_size=64), seed=st.integers(0, 2**40))
def test_short_netcdf_files_raise_nothing_but_clear_errors(place, files, data, seed):
    open_short(place, files, sorted(IN_A_PROCESS), data=data, seed=seed)


def open_short(place, files, kinds, *, data, seed):
    chance = random.Random(seed)
    magic = files[chance.choice(kinds)][: chance.choice((0, 8, 16))]
    (place / "file").write_bytes(magic + data)
    with pytest.raises(SpectraError):
        load_model(place / "file", arch=make)
    with contextlib.suppress(SpectraError):
        list(open_inputs(place / "file").batches(2))
