"""Damaged sound, volumes, graphs and zarr stores: inputs, a model, or one clear line.

What they are read with are extras; a format whose library is not installed is left out.
"""

import contextlib
import random
from importlib.util import find_spec

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.errors import SpectraError
from spectra.inputs import open_inputs
from spectra.load import load_model
from support.extra_files import extra_files, extra_mutant, zarr_damaged
from support.files import damaged
from support.openers import count_opened, destructors_are_silent

bounded = settings(max_examples=100, deadline=None, derandomize=True)
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # of onnx2torch, which needs torchvision
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("damage")


@pytest.fixture(scope="module")
def files(place):
    files = extra_files(place)
    return files or pytest.skip("needs one of the extras audio, medical and onnx")


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_printed_by_destructors():
    with destructors_are_silent():
        yield


def opened(source):
    """Open ``source`` in every way; return how many ways gave something."""
    return count_opened(
        lambda: load_model(source),
        lambda: list(open_inputs(source).batches(2)),
        lambda: list(open_inputs(f"{source}?volume").batches(2)),
    )


def test_undamaged_the_files_are_what_they_are_meant_to_be(place, files):
    for name, data in files.items():
        (place / "file").write_bytes(data)
        with_library = name != "onnx graph" or find_spec("onnx2torch") is not None
        assert (opened(place / "file") > 0) == with_library, name


@bounded
@given(seed=st.integers(0, 2**40))
def test_damaged_files_raise_nothing_but_clear_errors(place, files, seed):
    chance = random.Random(seed)
    kind = chance.choice(sorted(files))
    change = chance.choice((damaged, lambda data, chance: extra_mutant(kind, data, chance)))
    (place / "file").write_bytes(change(files[kind], chance))
    opened(place / "file")


@settings(bounded, max_examples=2)
@given(seed=st.integers(0, 2**40))
def test_damaged_stores_raise_nothing_but_clear_errors(place, seed):
    pytest.importorskip("zarr", reason="needs the extra zarr")
    zarr_damaged(place / "store", random.Random(seed))
    with contextlib.suppress(SpectraError):
        list(open_inputs(place / "store").batches(2))
