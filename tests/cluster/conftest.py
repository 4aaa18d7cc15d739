"""A small run of four parts, and the command that does it, in processes of their own."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from functools import partial

import numpy as np
import pytest
from PIL import Image

COUNT = 200  # pictures, of which one is damaged: four parts
FORMATS = {"analyze": "json,nc"}
NET = """
import os, signal, time
import torch
from torch import nn

class Worn(nn.Module):
    '''Takes its time, and ends its process at a bright picture, where a test says so.'''

    def forward(self, x):
        time.sleep(float(os.environ.get("NET_SECONDS", 0)))
        if os.environ.get("NET_POISON") and bool((x.flatten(1).mean(1) > 0.9).any()):
            os.kill(os.getpid(), signal.SIGKILL)
        return x

def build():
    torch.manual_seed(0)
    up = nn.ConvTranspose2d(4, 3, 3, stride=2, padding=1, output_padding=1)
    return nn.Sequential(Worn(), nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), up)
"""


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """A folder with a model, ``net.py:build``, and pictures, ``in``."""
    pytest.importorskip("distributed", reason="extra 'dask' not installed")
    folder = tmp_path_factory.mktemp("place")
    (folder / "net.py").write_text(NET)
    (folder / "in").mkdir()
    rng = np.random.default_rng(0)
    for number in range(COUNT):
        small = Image.fromarray((rng.random((8, 8, 3)) * 200).astype(np.uint8))
        small.resize((32, 32), Image.Resampling.BICUBIC).save(folder / "in" / f"{number:03d}.png")
    (folder / "in" / "003.png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")
    return folder


def _begin(limit):
    """Take Ctrl-C as a command does that is typed, and write no larger files than a limit."""
    import resource

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a background job ignores it
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


@pytest.fixture
def start(place):
    """Return a function that starts ``spectra analyze net.py:build in`` with more arguments.

    What is started and does not end is killed at the end of the test.
    """
    started = []

    def begin(out, *arguments, verb=("analyze", "net.py:build", "in"), environment=(), limit=None):
        command = [sys.executable, "-m", "spectra_cli", *verb]
        if verb[0] != "images":
            command += [
                "--num",
                str(COUNT),
                "--threads",
                "1",
                "--formats",
                FORMATS.get(verb[0], "json"),
            ]
        process = subprocess.Popen(
            [*command, "--out", str(out), *map(str, arguments)],
            cwd=place,
            env={**os.environ, **dict(environment)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=partial(_begin, limit),  # noqa: PLW1509  # this process has one thread
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture(scope="session")
def alone(place, tmp_path_factory):
    """The result of the same run without workers."""
    out = tmp_path_factory.mktemp("alone") / "out"
    command = [sys.executable, "-m", "spectra_cli", "analyze", "net.py:build", "in"]
    command += ["--num", str(COUNT), "--threads", "1", "--formats", "json,nc", "--out", str(out)]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out
