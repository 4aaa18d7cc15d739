"""Let a mistake of the search for steps raise, where it is noted as a rule."""

import pytest

from spectra.capture._explorer import Explorer


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a mistake of ours raise instead of being noted."""
    monkeypatch.setattr(Explorer, "strict", True)
