"""The recipes for segmenters and diffusion models: what they show is what their commands print."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[1] / "docs" / "recipes"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def blocks(page):
    """Return the code of a page and each of its commands with the output shown below it."""
    text = (PAGES / page).read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    pattern = r"^    (spectra [^\n]*)\n\n```text\n(.*?)```"
    shown = re.findall(pattern, text, re.MULTILINE | re.DOTALL)
    return "".join(code), shown


def words(text):
    """Return a text without its numbers, which another CPU rounds otherwise, and line breaks."""
    return " ".join(NUMBER.sub("#", text).split())


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a page's code and return what each of its commands prints, beside what it shows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    monkeypatch.setenv("COLUMNS", "120")

    def run(page):
        code, shown = blocks(page)
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=tmp_path)
        for command, expected in shown:
            argv = [sys.executable, "-m", "spectra_cli", *shlex.split(command)[1:]]
            done = subprocess.run(argv, check=False, capture_output=True, text=True, cwd=tmp_path)
            yield words(expected), words(done.stdout + done.stderr)

    return run


@pytest.mark.slow
def test_the_segmenters_page_shows_what_its_command_prints(run, tmp_path):
    pytest.importorskip("transformers", reason="the page needs transformers")
    from skimage import data, io

    (tmp_path / "photos").mkdir()
    picture = data.astronaut()
    for number in range(16):
        y, x = (128 * place for place in divmod(number, 4))
        part = picture[y : y + 128, x : x + 128]
        io.imsave(tmp_path / "photos" / f"{number:02}.png", part, check_contrast=False)
    ((expected, printed),) = run("segmenter.md")
    assert expected in printed


@pytest.mark.slow
def test_the_diffusion_page_shows_what_its_commands_print(run):
    pytest.importorskip("diffusers", reason="the page needs diffusers")
    pairs = list(run("diffusion.md"))
    assert len(pairs) == 3
    for expected, printed in pairs:
        assert expected in printed
