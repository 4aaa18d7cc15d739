"""Where the real data lie, seeded random numbers, and one thread a process."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when NumPy and torch are first imported

import numpy as np
import pytest
from hypothesis import settings

if TYPE_CHECKING:
    import torch

settings.register_profile("spectra", deadline=None, print_blob=True)  # machines are shared
settings.load_profile("spectra")

BESIDE_THE_REPOSITORY = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for the real data, so that ``-m 'not realdata'`` leaves it out."""
    for item in items:
        if "data_dir" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.realdata)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of published checkpoints and pictures; without it the test is skipped."""
    folder = Path(os.environ.get("SPECTRA_DATA") or BESIDE_THE_REPOSITORY)
    if not (folder / "checkpoints").is_dir():
        pytest.skip(f"no real data: {folder} has no folder 'checkpoints' (set SPECTRA_DATA)")
    return folder


@pytest.fixture
def rng() -> np.random.Generator:
    """Return NumPy's generator, seeded alike for every test."""
    return np.random.default_rng(0)


@pytest.fixture
def generator() -> "torch.Generator":
    """Return torch's generator, seeded alike for every test."""
    import torch

    return torch.Generator().manual_seed(0)
