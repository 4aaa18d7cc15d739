"""What tests of the study share."""

import pytest

from spectra.study import _variants as variants
from support.tiny_study import tiny_network


@pytest.fixture
def tiny(monkeypatch):
    """Put a network that takes seconds in the place of the study's NAFNet; return it."""
    network = tiny_network()
    monkeypatch.setattr(variants, "NETWORKS", {**variants.NETWORKS, "nafnet": network})
    return network
