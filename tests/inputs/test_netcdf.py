"""netCDF files are read by a process that may hang, crash or want memory, and read alone."""

import os
import signal
import subprocess
import sys

import h5netcdf
import h5py
import numpy as np
import pytest
import torch

from spectra._files import _netcdf_process as netcdf
from spectra.errors import InputError
from spectra.inputs import open_inputs

VALUES = np.random.default_rng(5).normal(size=(3, 8, 8)).astype(np.float32)


@pytest.fixture
def file(tmp_path):
    """Return the path of a netCDF-4 file of one variable."""
    path = tmp_path / "x.nc"
    with h5netcdf.File(path, "w") as made:
        made.dimensions = {"n": 3, "y": 8, "x": 8}
        made.create_variable("v", ("n", "y", "x"), "f4", data=VALUES)
    return path


@pytest.fixture
def hdf5(tmp_path):
    """Return the path of an HDF5 file without dimensions, opened by h5py."""
    path = tmp_path / "plain.h5"
    with h5py.File(path, "w") as made:
        made["v"] = VALUES
    return path


def read(path):
    return torch.cat(list(open_inputs(path).batches(2))).numpy()


def test_hdf5_without_dimensions_is_read_without_a_word(hdf5, recwarn, capfd):
    np.testing.assert_array_equal(read(hdf5)[:, 0], VALUES)
    assert not recwarn.list
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_no_library_of_netcdf_is_imported_to_read_one(file):
    look = (
        "import sys; from spectra.inputs import open_inputs; "
        "inputs = open_inputs(sys.argv[1]); n = sum(map(len, inputs.batches(2))); "
        "print(n, sorted({'h5py', 'h5netcdf', 'xarray', 'netCDF4'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", look, file], check=True, capture_output=True, text=True
    )
    assert done.stdout == "3 []\n"


@pytest.mark.parametrize(
    ("damage", "message"),
    [  # each ends, prints in or hangs the process that opens it
        (lambda v: v.attrs.create("DIMENSION_LIST", np.zeros((2, 2))), "cannot be read"),
        (lambda v: v.attrs.create("_nc3_strict", np.arange(3)), None),
        (lambda v: v.file.attrs.create("_nc3_strict", np.arange(3)), "cannot be read"),
        (lambda v: v.attrs.create("scale_factor", "three"), "holds str values"),
    ],
)
def test_attributes_that_break_the_library_break_nothing_else(hdf5, damage, message, capfd):
    with h5py.File(hdf5, "r+") as made:
        damage(made["v"])
    if message is None:
        open_inputs(hdf5)
    else:
        with pytest.raises(InputError, match=message):
            open_inputs(hdf5)
    assert capfd.readouterr() == ("", "")


def test_dimension_lists_that_are_no_references_are_refused(hdf5, capfd):
    with h5py.File(hdf5, "r+") as made:
        made.create_dataset("r", (2,), h5py.ref_dtype)
        made["r"].attrs["DIMENSION_LIST"] = np.zeros((2, 2))
    with pytest.raises(InputError, match="cannot be read"):
        open_inputs(hdf5)
    assert capfd.readouterr() == ("", "")


def external_link(made, other):
    made["v"] = h5py.ExternalLink(str(other), "/secret")


def external_link_in_a_group(made, other):
    made["v"] = VALUES
    made["deep/er/link"] = h5py.ExternalLink(str(other), "/secret")


def external_storage(made, other):
    made.create_dataset("v", (2, 8, 8), "f4", external=[(str(other), 0, 512)])


def virtual_dataset(made, other):
    layout = h5py.VirtualLayout((3, 8, 8), "f4")
    layout[:] = h5py.VirtualSource(str(other), "secret", (3, 8, 8))
    made.create_virtual_dataset("v", layout)


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (external_link, "'v' is a link to another file"),
        (external_link_in_a_group, "'link' is a link to another file"),
        (external_storage, r"'v' are in another file \(external storage\)"),
        (virtual_dataset, r"'v' is made of other files \(a virtual dataset\)"),
    ],
)
def test_what_would_read_another_file_is_refused_by_name(tmp_path, write, said):
    other = tmp_path / "private.h5"
    with h5py.File(other, "w") as made:
        made["secret"] = VALUES
    file = tmp_path / "x.nc"
    with h5py.File(file, "w") as made:
        write(made, other)
    with pytest.raises(InputError, match=said):
        open_inputs(file)


def test_links_in_circles_end_in_one_line(file):
    with h5py.File(file, "r+") as made:
        made["group/itself"] = made.create_group("group/inner")
        made["group/inner/up"] = made["group"]
        made["soft"] = h5py.SoftLink("/v")
    with pytest.raises(InputError, match="cannot be read"):  # by h5netcdf, too deep
        open_inputs(file)


@pytest.mark.slow
def test_a_chunk_that_unpacks_to_gigabytes_is_refused(tmp_path):
    with h5py.File(tmp_path / "x.nc", "w") as made:
        shape = (2, 1 << 14, 1 << 14)
        variable = made.create_dataset(
            "v", shape, "f4", chunks=(1, 1 << 14, 1 << 14), compression=9
        )
        variable[0, :8, :8] = VALUES[0]
    size = (tmp_path / "x.nc").stat().st_size
    assert size < 2 << 20
    with pytest.raises(InputError, match=r"would unpack to .* GiB at once"):
        open_inputs(tmp_path / "x.nc")


def test_a_coordinate_that_unpacks_to_gigabytes_is_refused(tmp_path):
    file = tmp_path / "x.nc"
    with h5netcdf.File(file, "w") as made:
        made.dimensions = {"n": 1 << 28}
        made.create_variable("n", ("n",), "f8", chunks=(1 << 16,), compression="gzip")
        made.create_variable("v", ("n",), "f4", chunks=(1 << 16,), compression="gzip")
    with pytest.raises(InputError, match="cannot be read"):
        open_inputs(file)


CHILDREN = {
    "while True: pass": "it is not read after 1 CPU s",
    "import time; time.sleep(300)": "it is not read after 1 s",
    "import os; os.abort()": "the library ends with -6",
    "import sys; sys.exit('OSError: bad checksum')": "OSError: bad checksum",
    "import os; os._exit(0)": "",
}


def while_what(later, codes, *marks):
    name = "reading" if later else "opening"
    return [pytest.param(code, later, id=f"{name}-{code}", marks=marks) for code in codes]


HANGS, *QUICK = CHILDREN  # the first takes a second of CPU; before reading, files are opened


@pytest.mark.skipif(not hasattr(signal, "SIGXCPU"), reason="there is no limit of CPU time")
@pytest.mark.parametrize(
    ("code", "later"),
    [
        *while_what(False, QUICK),
        *while_what(True, [HANGS]),
        *while_what(False, [HANGS], pytest.mark.slow),
        *while_what(True, QUICK, pytest.mark.slow),
    ],
)
def test_a_process_that_hangs_or_crashes_is_given_up(tmp_path, file, monkeypatch, code, later):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 2))\n"
    limited = "while" in code
    inputs = open_inputs(file) if later else None
    child = tmp_path / "child.py"
    child.write_text((limit if limited else "") + code)
    monkeypatch.setattr(netcdf, "CHILD", child)
    monkeypatch.setattr(netcdf, "MOST_CPU_SECONDS", 1 if limited else 15)
    monkeypatch.setattr(netcdf, "MOST_SECONDS", 1 if "sleep" in code else 300)
    with pytest.raises(InputError, match=f"cannot be read.*{CHILDREN[code]}"):
        list(inputs.batches(2)) if later else open_inputs(file)


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="/proc lists the children")
def test_a_reader_that_stops_early_leaves_no_process(file):
    samples = open_inputs(file).samples()
    next(samples)
    samples.close()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
