"""The whole command over a slice of the census, of a library that needs nothing but torch."""

import warnings

import pytest
from census.catalogue import everything
from census.whole import analyse

SLICE = ("monai:BasicUNet-pixelshuffle", "monai:Generator", "monai:UNet-3d", "monai:AutoEncoder")


@pytest.mark.slow
@pytest.mark.parametrize("name", SLICE)
def test_a_decoder_of_the_census_has_no_fault(name):
    pytest.importorskip("monai", reason="the census' decoders of monai need it")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own, where it is imported
        decoder = next(d for d in everything() if d.name == name)
        found = analyse(decoder)
    assert found.faults == []
    assert found.steps > 0
