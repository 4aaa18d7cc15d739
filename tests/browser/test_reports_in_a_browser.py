"""Reports in a real browser: nothing is asked for, nothing is wrong, and all of it is there."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from PIL import Image

import spectra
from spectra import Options
from spectra.demo import small
from spectra.report import Comparison, KernelTable
from support.compared import result
from support.results import Finished, crop, spectrum, tree
from support.summaries import PRESENT, UNSCORED, clean, step, summary

playwright = pytest.importorskip("playwright.sync_api", reason="extra 'browser' not installed")
axe_runner = pytest.importorskip("axe_playwright_python.sync_playwright")
html5lib = pytest.importorskip("html5lib")

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
    pytest.mark.filterwarnings("ignore"),  # of the browser's own libraries
]
WIDTHS = (390, 1200)
SHOW_ALL = """
document.querySelectorAll('details').forEach(d => d.open = true);
[...document.images].forEach(i => i.loading = 'eager');
"""
NAMES = (
    "<script>document.title = 'run'</script>",
    "a \"quoted\" 'name' & more",
    "deep." * 60,
    "\u05e9\u05db\u05d1\u05d4.\u0637\u0628\u0642\u0629.up",
)


@pytest.fixture(scope="module")
def chromium():
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


def of_the_demo():
    pictures = torch.rand(16, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    pictures = torch.nn.functional.avg_pool2d(pictures, 9, stride=1)
    return spectra.analyze(small().eval(), pictures, options=Options(blame=False))


def of_sixty_steps():
    rng = np.random.default_rng(0)
    steps = tuple(step(f"decoder.{i}.up", PRESENT) for i in range(60))
    paths = ["input", *(f"steps/{i}" for i in range(60)), "output"]
    data = xr.DataTree.from_dict({path: spectrum(rng, 64) for path in paths})
    return Finished(summary=replace(summary(), steps=steps), data=data)


def of_strange_names():
    output = np.random.default_rng(1).uniform(0, 1, (48, 48, 3))
    data = {**tree().to_dict(), **crop(output, 0.01 * np.ones_like(output)).to_dict()}
    said = replace(
        summary(),
        steps=tuple(step(name, PRESENT) for name in NAMES),
        worst=None,
        model=replace(summary().model, source=NAMES[0]),
    )
    return Finished(summary=said, data=xr.DataTree.from_dict(data))


def of_an_insufficient_run():
    said = replace(
        clean(),
        verdict="insufficient",
        steps=(step("up", UNSCORED),),
        answer={"verdict": "not tested: 3 inputs are too few"},
    )
    return Finished(summary=said, data=tree(groups=()))


def of_kernels():
    return spectra.measure_kernels(small())


def of_a_comparison():
    return spectra.compare(*map(result, (0.1, 0.3, 0.2)), names=["epoch10", "epoch2", "epoch9"])


REPORTS = {
    "comparison": of_a_comparison,
    "demo": of_the_demo,
    "kernels": of_kernels,
    "sixty steps": of_sixty_steps,
    "strange names": of_strange_names,
    "insufficient": of_an_insufficient_run,
}


@pytest.fixture(scope="module", params=REPORTS)
def report(request, tmp_path_factory):
    result = REPORTS[request.param]()
    folder = tmp_path_factory.mktemp("report") / "out"
    result.save(folder, formats=("html",))
    return result, folder / "report.html"


class Opened:
    """A page, with everything it asked for and everything that went wrong."""

    def __init__(self, browser, file, *, width=1200, scheme="light", scripts=True, bypass=False):
        self.context = browser.new_context(
            offline=True,
            color_scheme=scheme,
            viewport={"width": width, "height": 800},
            java_script_enabled=scripts,
            bypass_csp=bypass,
        )
        self.page = self.context.new_page()
        self.asked, self.wrong = [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.wrong.append(message.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.goto(file.as_uri(), wait_until="load")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()


def sayings(result):
    """Return what a page has to say without styles."""
    if isinstance(result, KernelTable):
        return [f"{result.layers[0].measures.rejection_db:.1f}", "Upsampling kernels of"]
    if isinstance(result, Comparison):
        return list(result.answer.values())
    return [result.summary.answer["verdict"], "What to change?"]


def test_it_asks_for_nothing_but_itself_and_nothing_goes_wrong(chromium, report):
    _, file = report
    with Opened(chromium, file) as opened:
        opened.page.evaluate(SHOW_ALL)
        opened.page.wait_for_function("[...document.images].every(i => i.complete)")
        assert all(url.startswith(("file:", "data:")) for url in opened.asked)
        assert opened.wrong == []
        assert opened.page.title() != "run"
        images = opened.page.evaluate(
            "[...document.images].filter(i => !i.complete || !i.naturalWidth).length"
        )
        assert images == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_window(chromium, report, width):
    _, file = report
    with Opened(chromium, file, width=width) as opened:
        opened.page.evaluate(SHOW_ALL)
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_verdict_is_there_without_scripts_and_without_styles(chromium, report):
    result, file = report
    bare = file.with_name("bare.html")
    text = file.read_text(encoding="utf-8")
    bare.write_text(text[: text.index("<style>")] + text[text.index("</style>") + 8 :])
    for each in (file, bare):
        with Opened(chromium, each, scripts=False) as opened:
            said = " ".join(opened.page.inner_text("body").split())
            for text in sayings(result):
                assert " ".join(text.split()) in said


def test_whoever_cannot_see_or_use_a_mouse_finds_no_barrier(chromium, report):
    _, file = report
    for scheme in ("light", "dark"):
        with Opened(chromium, file, scheme=scheme, bypass=True) as opened:
            opened.page.evaluate(SHOW_ALL)
            found = axe_runner.Axe().run(opened.page)
            violations = found.response["violations"]
            assert [(v["id"], [n["html"][:120] for n in v["nodes"][:3]]) for v in violations] == []


def test_it_is_dark_where_that_is_wished(chromium, report):
    _, file = report
    colours = []
    for scheme in ("light", "dark"):
        with Opened(chromium, file, scheme=scheme) as opened:
            colours.append(opened.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert colours == ["rgb(255, 255, 255)", "rgb(15, 20, 25)"]


def test_the_answer_is_on_the_first_screen(chromium, report):
    result, file = report
    if isinstance(result, KernelTable | Comparison):
        pytest.skip("only analyses answer six questions")
    with Opened(chromium, file) as opened:
        bottom = opened.page.evaluate(
            "document.querySelector('table.answers').getBoundingClientRect().bottom"
        )
        assert bottom <= 800


def test_it_is_valid_html(report):
    _, file = report
    parser = html5lib.HTMLParser(strict=True)
    parser.parse(file.read_text(encoding="utf-8"))


def test_it_can_be_printed(chromium, report):
    _, file = report
    with Opened(chromium, file) as opened:
        assert opened.page.pdf().startswith(b"%PDF")


def test_the_readmes_picture_is_the_first_screen(report, tmp_path):
    _, file = report
    script = ROOT / "figures" / "report_screenshot.py"
    command = [sys.executable, script, file, "--out", tmp_path / "shot.png"]
    subprocess.run(command, check=True)
    picture = Image.open(tmp_path / "shot.png")
    assert picture.size == (1200, 740)
    assert len(picture.getcolors()) > 8
