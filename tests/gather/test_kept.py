"""The first outputs of a pass, kept in the memory that they take."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from spectra.capture import discover
from spectra.gather import batch_size
from spectra.gather._at_a_time import ACTIVATION_BYTES, COPIES
from spectra.gather._kept import Rows, as_array


@given(sizes=st.lists(st.integers(1, 5), min_size=1, max_size=6), most=st.integers(1, 12))
def test_rows_are_those_of_the_batches_joined_however_many_were_foretold(sizes, most):
    batches = [torch.arange(2.0 * n).reshape(n, 2) + 10 * i for i, n in enumerate(sizes)]
    rows = Rows()
    for batch in batches:
        rows.add(batch, most=most)
        batch.add_(1000)  # a model may write into what it gave
    whole = torch.cat(batches) - 1000
    np.testing.assert_array_equal(as_array(rows.held), whole.numpy())


def test_rows_that_fit_what_was_foretold_are_not_copied_again():
    rows = Rows()
    rows.add(torch.ones(2, 3), most=6)
    first = rows.held[0].data_ptr()
    rows.add(torch.ones(4, 3), most=6)
    assert as_array(rows.held).ctypes.data == first


def test_rows_of_a_wider_type_keep_their_values():
    rows = Rows()
    rows.add(torch.ones(1, 3), most=2)
    rows.add(torch.full((1, 3), 1 / 3, dtype=torch.float64), most=2)
    assert as_array(rows.held)[1, 0] == 1 / 3


def test_no_row_gives_none():
    assert Rows().held == ()


@pytest.mark.parametrize("channels", [64, 256])
def test_copies_of_the_largest_map_count_in_how_many_inputs_run_at_a_time(channels):
    found = discover(nn.ConvTranspose2d(1, channels, 4, 4), torch.rand(1, 1, 64, 64))
    step = 4 * channels * 256**2
    assert found.peak_bytes < 1.1 * step  # the input is small
    expected = ACTIVATION_BYTES / ((1 + COPIES) * step)
    assert batch_size(found, None) == max(int(expected), 1)
