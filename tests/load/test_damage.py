"""Whatever happens to a file, the answer is a model, inputs or one clear line."""

import contextlib
import io

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import save
from torch import nn

from spectra.errors import SpectraError
from spectra.load import load_model, open_inputs


def bytes_of(write):
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def make():
    return nn.Conv2d(2, 3, 3)


STATE = make().state_dict()
PIXELS = np.random.default_rng(0).integers(0, 255, (16, 16, 3), dtype=np.uint8)
FILES = {
    "zip": bytes_of(lambda f: torch.save({"model": STATE}, f)),
    "legacy": bytes_of(
        lambda f: torch.save({"model": STATE}, f, _use_new_zipfile_serialization=False)
    ),
    "module": bytes_of(lambda f: torch.save(make(), f)),
    "safetensors": save(STATE),
    "npy": bytes_of(lambda f: np.save(f, np.ones((2, 1, 8)))),
    "npz": bytes_of(lambda f: np.savez(f, np.ones((2, 1, 8)))),
    "png": bytes_of(lambda f: Image.fromarray(PIXELS).save(f, "PNG")),
    "jpeg": bytes_of(lambda f: Image.fromarray(PIXELS).save(f, "JPEG")),
    "tiff": bytes_of(lambda f: Image.fromarray(PIXELS).save(f, "TIFF")),
}


@st.composite
def damaged(draw):
    data = bytearray(FILES[draw(st.sampled_from(sorted(FILES)))])
    for _ in range(draw(st.integers(0, 4))):
        index = draw(st.integers(0, len(data) - 1))
        data[index] = draw(st.integers(0, 255))
    cut = draw(st.none() | st.integers(0, len(data)))
    return bytes(data[:cut])


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("damage") / "file"


@settings(
    max_examples=150, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(data=damaged())
def test_damaged_files_raise_nothing_but_clear_errors(file, data):
    file.write_bytes(data)
    with contextlib.suppress(SpectraError):
        load_model(file, arch=make)
    with contextlib.suppress(SpectraError):
        list(open_inputs(file).batches(2))


@settings(
    max_examples=80, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(data=st.binary(max_size=64), magic=st.sampled_from([b"", *(f[:12] for f in FILES.values())]))
def test_short_files_raise_nothing_but_clear_errors(file, data, magic):
    file.write_bytes(magic + data)
    with pytest.raises(SpectraError):
        load_model(file, arch=make)
    with contextlib.suppress(SpectraError):
        list(open_inputs(file).batches(2))
