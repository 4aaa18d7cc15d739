"""Every relative link between the pages leads somewhere, and the index of docs/ names each page."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^()\s]+)\)")
TITLE = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
OTHER_SITES = re.compile(r"[a-z]+:")


def tracked():
    """Return the pages under version control; without git, those in no hidden or output folder."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode == 0 and listed.stdout:
        return sorted(filter(None, listed.stdout.split("\0")))
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*.md"))
    return sorted(
        str(p) for p in found if not any(part.startswith((".", "spectra-out")) for part in p.parts)
    )


PAGES = tracked()


def prose(path):
    return FENCED.sub("", path.read_text(encoding="utf-8"))


def anchors(path):
    """Return the anchors that GitHub makes of a page's titles."""
    titles = (re.sub(r"[^\w\- ]", "", title.lower()) for title in TITLE.findall(prose(path)))
    return {title.replace(" ", "-") for title in titles}


def dead(page, text):
    """Return the relative links of a page that lead to no file or to no title in it."""
    lost = []
    for link in LINK.findall(text):
        if OTHER_SITES.match(link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    return lost


@pytest.mark.parametrize("name", PAGES)
def test_every_relative_link_leads_to_a_file_and_a_title(name):
    assert dead(ROOT / name, prose(ROOT / name)) == []


def test_a_link_to_no_file_or_no_title_is_noticed():
    text = "[a](score.md#limits), [b](nothing.md), [c](score.md#nothing), [d](https://x.org/y)"
    assert dead(ROOT / "docs" / "README.md", text) == ["nothing.md", "score.md#nothing"]
    assert sum(len(LINK.findall(prose(ROOT / name))) for name in PAGES) > 30


def test_the_index_names_every_page_of_docs():
    index = ROOT / "docs" / "README.md"
    pages = {name.removeprefix("docs/") for name in PAGES if name.startswith("docs/")}
    assert {"capture.md", "results/census.md"} < pages
    assert set(LINK.findall(prose(index))) == pages - {"README.md"}


@pytest.mark.parametrize("name", [n for n in PAGES if re.fullmatch(r"docs/[\w-]+\.md", n)])
def test_a_page_of_docs_has_fewer_than_200_lines(name):
    assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) < 200
