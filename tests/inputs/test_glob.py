"""Patterns match what Python's glob matches, and no link is followed in circles."""

import glob
import os
from pathlib import Path

import pytest

from spectra.errors import InputError
from spectra.inputs import _glob as ours
from spectra.inputs._glob import matching_files

FILES = ("a.png", "b.txt", "x/a.png", "x/[1].png", "x/y/z/c.png", ".hidden/d.png", "x/.e.png")


@pytest.fixture
def tree(tmp_path, monkeypatch):
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "pattern",
    [
        "*.png",
        "**/*.png",
        "**",
        "x/**/*.png",
        "x/**",
        "**/y/**/*.png",
        "?/a.png",
        "**/x/*",
        "n/**",
        "**/**/*.png",
        "[x]/**/c.png",
    ],
)
def test_a_pattern_matches_what_pythons_glob_does(tree, pattern):
    for start in ("", f"{glob.escape(str(tree))}{os.sep}"):
        found = glob.glob(start + pattern, recursive=True)
        assert matching_files(start + pattern) == sorted(
            {Path(name) for name in found if os.path.isfile(name)}
        )


def test_a_link_to_the_folder_itself_is_not_followed(tree):
    (tree / "x" / "back").symlink_to(tree)
    found = matching_files("**/*.png")
    assert found == sorted(map(Path, ["a.png", "x/a.png", "x/[1].png", "x/y/z/c.png"]))


def test_a_search_of_too_many_folders_is_given_up(tree, monkeypatch):
    monkeypatch.setattr(ours, "MOST_FOLDERS", 3)  # of the four: ., x, x/y, x/y/z
    with pytest.raises(InputError, match="stands for more than 3 folders"):
        matching_files("**/*.png")
