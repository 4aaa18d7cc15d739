"""`make docs`: every page and every public name stands on the site, and no link is dead."""

import re
import subprocess
import sys
import zlib
from pathlib import Path
from types import ModuleType

import pytest

import spectra

ROOT = Path(__file__).resolve().parents[1]
FETCHED = re.compile(r"<(?:script|img|link|iframe)\b[^>]*\b(?:src|href)=\"(?:https?:)?//[^\"]+")


def build(folder, *, root=ROOT):
    """Build the site of a tree, as `make docs` does."""
    for library in ("mkdocs", "mkdocstrings", "mkdocstrings_handlers.python"):
        pytest.importorskip(library, reason="the site needs the extra docs")
    config = root / "docs" / "site" / "mkdocs.yml"
    argv = ["build", "--strict", "--config-file", config, "--site-dir", folder]
    command = [sys.executable, "-m", "mkdocs", *argv]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder.parent)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built") / "site"
    done = build(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def named(site):
    """Return the objects that the site has a place for, out of its inventory."""
    packed = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    return {line.split()[0] for line in zlib.decompress(packed).decode().splitlines()}


@pytest.mark.slow
def test_every_public_name_is_in_the_reference(site):
    inner = {name: getattr(spectra, name) for name in spectra.__all__}
    rooms = {name: room for name, room in inner.items() if isinstance(room, ModuleType)}
    public = {f"spectra.{name}" for name in inner}
    public |= {f"spectra.{name}.{each}" for name, room in rooms.items() for each in room.__all__}
    assert len(public) > 200
    assert public - named(site) == set()


@pytest.mark.slow
def test_every_page_of_docs_is_on_the_site_and_in_its_menu(site):
    menu = (site / "index.html").read_text(encoding="utf-8")
    pages = [path.relative_to(ROOT) for path in ROOT.glob("docs/**/*.md")]
    assert len(pages) > 40
    for page in pages:
        place = page.parent if page.name == "README.md" else page.with_suffix("")
        assert (site / place / "index.html").is_file()
        assert f'href="{place.as_posix()}/"' in menu


@pytest.mark.slow
def test_the_site_is_read_without_a_network(site):
    pages = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    assert len(pages) > 60
    fetched = {path.name: FETCHED.findall(text) for path, text in pages.items()}
    assert {name: links for name, links in fetched.items() if links} == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("link", "said"), [("nothing.md", "'nothing.md'"), ("score.md#nothing", "#nothing")]
)
def test_a_dead_link_ends_the_build(link, said, tmp_path):
    """On a small tree: the site's own code, an index, and a page that links to nothing."""
    for name in ("spectra/__init__.pyi", "docs/site/mkdocs.yml", "docs/site/pages.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "spectra/__init__.pyi").write_text("__all__ = []\n")
    (tmp_path / "spectra/__init__.py").write_text('"""Nothing."""\n')
    for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs/score.md"):
        (tmp_path / name).write_text("# A page\n")
    (tmp_path / "docs/README.md").write_text("# Pages\n\n[good](score.md)\n")
    assert build(tmp_path / "site", root=tmp_path).returncode == 0
    (tmp_path / "docs/score.md").write_text(f"# A page\n\n[bad]({link})\n")
    done = build(tmp_path / "site", root=tmp_path)
    assert done.returncode == 1
    assert said in done.stdout + done.stderr
