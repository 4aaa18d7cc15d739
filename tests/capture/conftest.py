"""No mistake of the search for steps passes a test by."""

import pytest

from spectra.capture._discover import _Explorer


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a mistake of ours raise instead of being noted."""
    monkeypatch.setattr(_Explorer, "strict", True)
