import inspect

import numpy as np
import pytest
import skimage.data
from skimage.io import imread

from spectra import demo
from spectra.demo._photographs import HELD_OUT, TRAINING, picture

GIVEN_AWAY = ("public domain", "cc0", "creative commons cc0")


@pytest.mark.parametrize("name", TRAINING + HELD_OUT)
def test_scikit_image_documents_the_picture_as_public_domain_or_cc0(name):
    text = " ".join(inspect.getdoc(getattr(skimage.data, name)).split()).lower()
    assert any(words in text for words in GIVEN_AWAY)


@pytest.mark.parametrize("name", TRAINING + HELD_OUT)
def test_the_picture_is_rgb_between_zero_and_one(name):
    values = picture(name)
    assert values.shape[0] == 3
    assert values.dtype == np.float32
    assert 0 <= values.min() < values.max() <= 1


def test_there_are_enough_photographs_of_one_size_for_a_verdict():
    shown = demo.photographs()
    assert shown.shape == (24, 3, 64, 64)
    assert len(np.unique(shown.reshape(24, -1), axis=0)) == 24


def test_a_photograph_is_the_picture_averaged_over_2x2_pixels():
    rows = picture("camera")[:, :128, :128]
    expected = (
        rows[:, ::2, ::2] + rows[:, 1::2, ::2] + rows[:, ::2, 1::2] + rows[:, 1::2, 1::2]
    ) / 4
    np.testing.assert_allclose(demo.photographs()[0], expected, atol=1e-6)


def test_written_photographs_read_back_to_half_a_grey_level(tmp_path):
    paths = demo.write_photographs(tmp_path / "images")
    read = np.stack([imread(path) for path in paths]).transpose(0, 3, 1, 2) / 255
    np.testing.assert_allclose(read, demo.photographs(), atol=0.5 / 255 + 1e-6)
