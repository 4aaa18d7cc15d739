"""Where the real data lie, seeded random numbers, and one thread a process."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when NumPy and torch are first imported

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    import torch

# machines are shared, so no deadline and no complaint of slow draws; the same examples each time,
# so that a red suite is the change's doing: look for new ones with --hypothesis-profile=explore
settings.register_profile(
    "explore", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("spectra", settings.get_profile("explore"), derandomize=True)
settings.load_profile("spectra")

# helpers hold no test; collected, they would be imported a second time under another name, and
# the operator that one of them registers would be registered twice: its first handle dangles
collect_ignore = ["support"]

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
