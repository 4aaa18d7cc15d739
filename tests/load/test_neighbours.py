"""What lies beside a file is importable for the user's own code, and for nothing else."""

import subprocess
import sys

import pytest

from spectra.errors import LoadError
from spectra.inputs import open_inputs
from spectra.load import load_model

NET = "from torch import nn\n{}\ndef make():\n    {}\n    return nn.ConvTranspose2d(1, 1, 2)\n"
LAZY = "def need(name):\n    import importlib\n    return importlib.import_module(name)\n"


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Return a function that writes modules to a folder; what they import is forgotten later."""
    before = set(sys.modules)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "lazy_library.py").write_text(LAZY)
    (tmp_path / "here").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.chdir(tmp_path / "here")

    def write(**files):
        for name, text in files.items():
            (tmp_path / "here" / f"{name}.py").write_text(text)
        return tmp_path / "here"

    yield write
    for name in set(sys.modules) - before:
        del sys.modules[name]


CRATER = "from pathlib import Path\nPath(__file__).with_name('crater').touch()\n"


@pytest.mark.parametrize("spec", ["net.py:make", "net:make"])
@pytest.mark.parametrize("when", ["importing", "calling"])
def test_a_library_that_imports_late_finds_nothing_beside_the_checkpoint(write, spec, when):
    need = "__import__('lazy_library').need('beside_the_checkpoint')"
    net = NET.format(need, "pass") if when == "importing" else NET.format("", need)
    folder = write(net=net, beside_the_checkpoint=CRATER)
    with pytest.raises(LoadError, match="No module named 'beside_the_checkpoint'"):
        load_model(spec)
    assert not (folder / "crater").exists()


def test_a_function_of_an_installed_module_finds_nothing_in_the_working_folder(write):
    folder = write(beside_the_checkpoint=CRATER)
    late = LAZY + "def make():\n    return need('beside_the_checkpoint')\n"
    (folder.parent / "site" / "lazy_library.py").write_text(late)
    with pytest.raises(LoadError, match="No module named 'beside_the_checkpoint'"):
        load_model("lazy_library:make")
    assert not (folder / "crater").exists()


@pytest.mark.parametrize("spec", ["net.py:make", "net:make"])
@pytest.mark.parametrize("when", ["importing", "calling"])
def test_the_users_file_imports_its_neighbours_and_they_theirs(write, spec, when):
    need = "import first_neighbour"
    net = NET.format(need, "pass") if when == "importing" else NET.format("", need)
    write(net=net, first_neighbour="import second_neighbour", second_neighbour="")
    assert load_model(spec).parameters == 5


def test_a_neighbour_that_imports_when_it_is_called_finds_the_next(write):
    net = NET.format("import first_neighbour", "first_neighbour.go()")
    write(net=net, first_neighbour="def go():\n    import second_neighbour", second_neighbour="")
    assert load_model("net.py:make").parameters == 5


def test_a_mere_folder_hides_no_package(write):
    folder = write(net=NET.format("import lazy_library as found", "found.need('json')"))
    (folder / "lazy_library").mkdir()
    assert load_model("net.py:make").parameters == 5


def test_the_search_path_and_the_finders_are_left_as_they_were(write):
    write(net=NET.format("", "pass"))
    before = list(sys.path), list(sys.meta_path)
    load_model("net.py:make")
    with pytest.raises(LoadError):
        load_model("net.py:gone")
    path = write(data="import torch\nx = torch.rand(2, 1, 8, 8)")
    assert len(open_inputs(f"{path}/data.py:x")) == 2
    assert (list(sys.path), list(sys.meta_path)) == before


def test_the_command_run_as_a_module_searches_no_working_folder(tmp_path):
    for name in ("click", "rich", "lazy_loader"):
        (tmp_path / f"{name}.py").write_text(CRATER)
    command = [sys.executable, "-m", "spectra_cli", "analyze", "nothing.pth"]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert not (tmp_path / "crater").exists()
