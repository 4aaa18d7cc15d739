"""No file takes more than 200 MB beyond start-up, or twice its size, to be refused."""

import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib
from functools import cache

import h5netcdf
import h5py
import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the peak of memory")
SWOLLEN = 260_000_000  # bytes that a few hundred thousand unpack to
MOST = 200_000_000
# opens each file in every way; prints by how much the peak of memory lies above its start
CHILD = """
import json, re, resource, sys, warnings
from pathlib import Path
import torch
from PIL import Image
from spectra.errors import SpectraError
from spectra.inputs import open_inputs
from spectra.load import load_model, load_weights

def memory(name):
    return 1024 * int(re.search(rf"{name}:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

warnings.simplefilter("ignore")
valid, *files = sys.argv[1:]
net = lambda: torch.nn.Conv2d(1, 1, 1)
found = {}
for file in (valid, *files):
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak
    start, said = memory("VmRSS"), []
    for opened in (
        lambda: load_model(file, arch=net),
        lambda: load_model(file),
        lambda: load_weights(file),
        lambda: list(open_inputs(file).batches(1)),
    ):
        try:
            opened()
        except SpectraError as error:
            said.append(str(error))
    found[Path(file).name] = [memory("VmHWM") - start, said]
print(json.dumps(found))
"""


def zeros(count=SWOLLEN):
    """Return ``count`` zeros as zlib packs them."""
    packer, block = zlib.compressobj(1), bytes(1 << 20)
    return b"".join(packer.compress(block) for _ in range(count >> 20)) + packer.flush()


def tiff(path, packed, **sizes):
    """Write a gray TIFF of one deflated part; ``sizes`` replaces tags."""
    width = sizes.get("tile", 64)
    tags = {256: 64, 257: 64, 258: 8, 259: 8, 262: 1, 277: 1}
    tags |= (
        {322: width, 323: width, 324: 0, 325: len(packed)}
        if "tile" in sizes
        else {273: 0, 278: 64, 279: len(packed)}
    )
    start = 8 + 2 + 12 * len(tags) + 4
    tags[324 if "tile" in sizes else 273] = start
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, tags[tag]) for tag in sorted(tags))
    head = struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", len(tags)) + entries + bytes(4)
    path.write_bytes(head + packed)


def one_member(path, data):
    """Write an npz of one member whose bytes are the pieces of ``data``."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("x.npy", "w", force_zip64=True) as member,
    ):
        for piece in data:
            member.write(piece)


def npy_head(shape):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "<f4", "fortran_order": False, "shape": shape}
    )
    return stream.getvalue()


def blocks(count=SWOLLEN):
    return [bytes(1 << 20)] * (count >> 20)


def swollen_tiff(path):
    tiff(path, zeros())


def tiff_of_a_huge_tile(path):
    tiff(path, zeros(16_000**2), tile=16_000)


def picture(kind, mode="RGB", **quickly):
    def write(path):
        Image.new(mode, (10_000, 9_000)).save(path, kind, **quickly)

    write.__name__ = f"large_{kind}"
    return write


def long_npz_header(path):
    one_member(path, [b"\x93NUMPY\x02\x00" + struct.pack("<I", SWOLLEN), *blocks()])


def long_npz_rows(path):
    one_member(path, [npy_head((2, SWOLLEN // 8)), *blocks()])


def npz_of_two_axes_that_declares_more(path):
    one_member(path, [npy_head((1 << 40,)), *blocks()])


def packed_weights(path):
    held = io.BytesIO()
    torch.save({"weight": torch.zeros(SWOLLEN // 4)}, held)
    with zipfile.ZipFile(held) as old, zipfile.ZipFile(path, "w") as new:
        for item in old.infolist():
            new.writestr(item.filename, old.read(item), zipfile.ZIP_DEFLATED, 1)


def repeated_samples(path):
    torch.save(torch.rand(4, 1, 1, 1).expand(4, 1, 1 << 14, 1 << 14), path)


def repeated_weights(path):
    torch.save({"up.weight": torch.rand(1).expand(1 << 14, 1 << 14)}, path)


def many_names_in_a_zip(path):
    about = b"PK\x01\x02" + bytes(24) + struct.pack("<H", 4) + bytes(16)
    names = b"".join(about + b"%04x" % (i % 65536) for i in range(600_000))
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(names), 4, 0)
    path.write_bytes(b"PK\x03\x04" + names + end)


def deep_json(path):
    path.write_bytes(b'{"weight_map": [' + b"[]," * 5_000_000 + b"[]]}")


def hdf5_of_a_huge_chunk(path):
    with h5py.File(path, "w") as made:
        side = (1, 1 << 12, 1 << 14)
        made.create_dataset("v", side, "f4", chunks=side, compression=1)[0, 0, 0] = 1


def hdf5_of_a_huge_coordinate(path):
    with h5netcdf.File(path, "w") as made:
        made.dimensions = {"n": 1 << 26}
        made.create_variable("n", ("n",), "f8", chunks=(1 << 16,))
        made.create_variable("v", ("n",), "f4", chunks=(1 << 16,))


def widths_that_contradict(path):
    """Write weights of RRDBNet, of which one long vector asks for the square of its length."""
    long = 1 << 14
    torch.save(
        {
            "conv_first.weight": torch.rand(long, 3, 3, 3),
            "conv_first.bias": torch.rand(long),
            **{
                f"body.0.rdb{i}.conv{j}.{part}": torch.rand(1)
                for i in (1, 2, 3)
                for j in range(1, 6)
                for part in ("weight", "bias")
            },
            "body.0.rdb1.conv1.weight": torch.rand(32, 3, 3, 3),
            **{
                f"{name}.{part}": torch.rand(3)
                for part in ("weight", "bias")
                for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr", "conv_last")
            },
        },
        path,
    )


CRAFTED = [
    swollen_tiff,
    long_npz_header,
    repeated_samples,
    repeated_weights,
    many_names_in_a_zip,
    deep_json,
    hdf5_of_a_huge_coordinate,
    widths_that_contradict,
    picture("JPEG"),
    picture("GIF", "P"),
]
SLOWLY_CRAFTED = [  # a second or two each, of which there is one above for each way to unpack
    tiff_of_a_huge_tile,
    long_npz_rows,
    packed_weights,
    npz_of_two_axes_that_declares_more,
    hdf5_of_a_huge_chunk,
    picture("PNG"),
    picture("WEBP", lossless=True, quality=0, method=0),
    picture("JPEG2000", "L"),
]


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """Return what tells of some crafted files how much memory each took, what was said, its size.

    All of them are opened by one process.
    """

    @cache
    def of_files(writers):
        folder = tmp_path_factory.mktemp("crafted")
        valid, files = folder / "valid.tif", [folder / write.__name__ for write in writers]
        tifffile.imwrite(valid, np.arange(4096, dtype=np.uint8).reshape(64, 64))
        for write, file in zip(writers, files, strict=True):
            write(file)
        command = [sys.executable, "-c", CHILD, valid, *files]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout)
        return {file.name: (*found[file.name], file.stat().st_size) for file in files}

    return of_files


def named(writers, *marks):
    return [pytest.param(tuple(writers), w.__name__, id=w.__name__, marks=marks) for w in writers]


@pytest.mark.parametrize(
    ("writers", "name"), [*named(CRAFTED), *named(SLOWLY_CRAFTED, pytest.mark.slow)]
)
def test_refusing_a_file_takes_little_memory(grown, writers, name):
    taken, said, size = grown(writers)[name]
    assert len(said) >= 3, "it was opened"  # weights that contradict each other are still weights
    assert all("\n" not in text for text in said)
    assert taken <= max(MOST, 2 * size)
