"""Every command and every piece of code in the README does what stands there."""

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from spectra.demo import weights
from spectra.demo._photographs import write_photographs

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
SECONDS = re.compile(r"\(\d+ s\)")


DEMO = re.compile(r"^ *(?:\$ )?spectra \w+ (\S*\bsmall\.safetensors) (\S+)", re.MULTILINE)
PHOTOGRAPHS = "spectra-out/demo/images"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("code", blocks("python"), ids=["analyze", "figure"])
def test_the_code_runs(code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out
    if "savefig" in code:
        assert (tmp_path / "spectrum.png").stat().st_size > 1000


def as_make_demo_leaves_it(root, *names):
    """Put weights and photographs into a folder where a checkout has them after `make demo`."""
    (root / "spectra" / "demo").mkdir(parents=True)
    for name in names:
        shutil.copy(weights(name), root / "spectra" / "demo")
    write_photographs(root / PHOTOGRAPHS)


@pytest.mark.parametrize(
    "page", ["README.md", "docs/attacks.md", "docs/figures.md", "docs/remedies.md"]
)
def test_commands_on_the_demonstration_name_what_make_demo_leaves(page):
    found = DEMO.findall((ROOT / page).read_text(encoding="utf-8"))
    assert found
    assert all((ROOT / file).is_file() and folder == PHOTOGRAPHS for file, folder in found)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"OUT ?= {Path(PHOTOGRAPHS).parent}\n" in makefile


@pytest.mark.slow
def test_the_example_prints_what_stands_there(tmp_path, monkeypatch):
    """Words exactly; numbers to 0.3, as float sums differ between machines."""
    from spectra_cli.main import main

    command, _, expected = blocks("console")[0].partition("\n")
    as_make_demo_leaves_it(tmp_path, "small")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, shlex.split(command)[2:])
    assert result.exit_code == 0
    printed, told = (SECONDS.sub("", text).split() for text in (result.stdout, expected))
    assert [NUMBER.sub("#", word) for word in printed] == [NUMBER.sub("#", word) for word in told]
    numbers = [[float(n) for n in NUMBER.findall(" ".join(words))] for words in (printed, told)]
    np.testing.assert_allclose(*numbers, atol=0.3)


@pytest.mark.slow
def test_the_comparison_is_what_stands_there(tmp_path, monkeypatch):
    """Words exactly; numbers to 0.5, as ends of wide intervals differ between machines."""
    from spectra_cli.main import main

    (block,) = (text for text in blocks("console") if text.startswith("$ spectra compare"))
    command, _, expected = block.partition("\n")
    folders = shlex.split(command)[3:]
    as_make_demo_leaves_it(tmp_path, *(Path(folder).name for folder in folders))
    monkeypatch.chdir(tmp_path)
    for folder in folders:
        name = Path(folder).name
        how = ["--arch", f"spectra.demo:{name}", "--range", "0..1", "--no-blame"]
        how += ["--formats", "json,nc", "--out", folder]
        where = [f"spectra/demo/{name}.safetensors", PHOTOGRAPHS]
        done = CliRunner().invoke(main, ["analyze", *where, *how])
        assert done.exit_code == 0
    result = CliRunner().invoke(main, shlex.split(command)[2:])
    printed, told = result.stdout.split(), expected.split()
    assert [NUMBER.sub("#", word) for word in printed] == [NUMBER.sub("#", word) for word in told]
    numbers = [[float(n) for n in NUMBER.findall(" ".join(words))] for words in (printed, told)]
    np.testing.assert_allclose(*numbers, atol=0.5)


def test_the_table_of_kernels_is_what_stands_there(data_dir, tmp_path, monkeypatch):
    """Up to the legend; numbers to 0.1, sinc percentiles to 2."""
    from spectra_cli.main import main

    command, _, expected = blocks("console")[1].partition("\n")
    shutil.copy(data_dir / "checkpoints" / "faststyle_wave.pth", tmp_path)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, shlex.split(command)[2:])
    assert result.exit_code == 0
    printed = result.stdout[: result.stdout.index("\nimbal.")].split()
    told = expected.split()
    assert [NUMBER.sub("#", word) for word in printed] == [NUMBER.sub("#", word) for word in told]
    numbers = [[float(n) for n in NUMBER.findall(" ".join(words))] for words in (printed, told)]
    np.testing.assert_allclose(*numbers, atol=0.11)


def test_the_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    shown = set(re.findall(r"make (\w+) ", README))
    assert {"demo", "test"} <= shown
    assert shown <= set(re.findall(r"^(\w+):", makefile, re.MULTILINE))
