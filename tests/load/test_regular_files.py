"""Pipes, devices and what the kernel makes up are refused before anything is read of them."""

import json
import os
import signal
import sys
from contextlib import contextmanager

import pytest
import torch
from torch import nn

from spectra._files import open_regular, read_head, read_whole
from spectra.errors import InputError, LoadError, SpectraError
from spectra.inputs import open_inputs
from spectra.load import load_model, load_weights
from spectra.report import KernelTable, read_summary, read_tree

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes to name")
HANGS = 60


@contextmanager
def not_waiting():
    """Fail, instead of waiting for ever, where the block opens a pipe."""
    before = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("it waits"))
    signal.alarm(HANGS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def pipe(tmp_path):
    path = tmp_path / "fifo.png"
    os.mkfifo(path)
    return path


@pytest.fixture
def link(tmp_path, pipe):
    path = tmp_path / "link.pth"
    path.symlink_to(pipe)
    return path


OPENERS = {
    "model": load_model,
    "model with a factory": lambda path: load_model(path, arch=lambda: nn.Conv2d(1, 1, 1)),
    "weights": load_weights,
    "inputs": open_inputs,
    "a list of inputs": lambda path: open_inputs([path, path]),
    "one of several arrays": lambda path: open_inputs(f"{path}?key=x"),
    "baseline": read_summary,
    "kernels": KernelTable.read,
    "spectra": read_tree,
}


@pytest.mark.parametrize("name", OPENERS)
@pytest.mark.parametrize("kind", ["pipe", "link", "device"])
def test_what_is_no_regular_file_is_refused_in_one_line(name, kind, pipe, link, tmp_path):
    path = {"pipe": pipe, "link": link, "device": "/dev/zero"}[kind]
    with not_waiting(), pytest.raises(SpectraError) as caught:
        OPENERS[name](path)
    assert "\n" not in str(caught.value)
    assert "no regular file" in str(caught.value) or "matches no file" in str(caught.value)


def test_a_python_file_that_is_a_pipe_is_refused(tmp_path, pipe):
    pipe.rename(tmp_path / "net.py")
    with not_waiting(), pytest.raises(LoadError, match="no regular file"):
        load_model(f"{tmp_path}/net.py:make")


def test_a_pipe_among_pictures_is_no_picture(tmp_path, pipe):
    (tmp_path / "text.png").write_text("no picture")
    for source in (tmp_path, f"{tmp_path}/*.png"):
        with not_waiting(), pytest.raises(SpectraError, match=r"text\.png: not a picture but a te"):
            open_inputs(source)


@pytest.mark.parametrize("name", ["config.json", "generation_config.json", "model.safetensors"])
def test_a_pipe_in_the_folder_of_a_model_is_refused(tmp_path, pipe, name):
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"_class_name": "AutoencoderKL"}))
    torch.save({}, folder / "diffusion_pytorch_model.bin")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(pipe)
    with not_waiting(), pytest.raises(LoadError, match=f"{name}', which is no regular file"):
        load_model(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
@pytest.mark.parametrize("path", ["/proc/self/pagemap", "/proc/kmsg", "/proc/self/mem"])
def test_files_that_the_kernel_makes_up_count_as_empty(path):
    with not_waiting(), pytest.raises((LoadError, InputError), match=r"empty|cannot be read"):
        load_model(path)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_search_below_proc_follows_no_link_out_of_it():
    with not_waiting(), pytest.raises(SpectraError):
        open_inputs("/proc/self/**/*.png")


def test_a_file_larger_than_what_it_is_for_is_not_read(tmp_path):
    file = tmp_path / "large.json"
    file.write_bytes(b"{}")
    os.truncate(file, 1 << 40)
    for read in (read_summary, KernelTable.read):
        with pytest.raises(InputError, match="1099511627776 bytes, expected at most 33554432"):
            read(file)


def test_regular_files_are_read_as_they_are(tmp_path):
    (tmp_path / "a").write_bytes(b"0123456789")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert read_head(tmp_path / "b", 4) == b"0123"
    assert read_whole(tmp_path / "b", most=10) == b"0123456789"
    with open_regular(tmp_path / "b") as file:
        assert file.read() == b"0123456789"
    with pytest.raises(OSError, match="10 bytes, expected at most 9"):
        read_whole(tmp_path / "b", most=9)
