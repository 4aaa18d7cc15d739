"""``report.html`` is one safe file that says what the summary says, with and without styles."""

import ast
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

import spectra
from spectra import report
from spectra.demo import small
from spectra.explain._summary import Finding
from spectra.kernel import transposed_conv
from spectra.report._analysis_page import _sentences
from spectra.report._first_screen import _questions
from spectra.report._scale import severity_scale
from spectra.severity import Graded
from spectra.severity._grades import Yardsticks
from spectra.weights._portraits import portrait
from support.compared import result
from support.results import Finished, crop, spectrum, tree
from support.summaries import PRESENT, UNSCORED, clean, step, summary

VOID = {"meta", "img", "link", "br", "input", "line", "rect", "path", "image"}
STRANGE = (
    "<script>alert(1)</script>",
    "a\"b'c`d & <img src=x onerror=alert(1)>",
    "long." * 60,
    "\u05e9\u05db\u05d1\u05d4.\u0637\u0628\u0642\u0629",
    "up\x1b[31m\u202egnp",
    "{{ 7 * 7 }} {% raw %}",
)


class Page(HTMLParser):
    """Reads a page: its text, its attributes, and whether all is closed in order."""

    def __init__(self, data):
        super().__init__()
        self.open, self.words, self.tags = [], [], []
        self.feed(data.decode("utf-8"))
        self.close()
        assert self.open == []
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def written(result, folder):
    result.save(folder / "out", formats=("html",))
    return (folder / "out" / "report.html").read_bytes()


@pytest.fixture(scope="module")
def pictured():
    output = np.random.default_rng(0).uniform(0, 1, (32, 32, 3))
    data = {**tree().to_dict(), **crop(output, 0.01 * np.ones_like(output)).to_dict()}
    return Finished(data=xr.DataTree.from_dict(data))


@pytest.fixture(scope="module")
def page_bytes(pictured, tmp_path_factory):
    return written(pictured, tmp_path_factory.mktemp("pictured"))


def test_it_says_every_sentence_of_the_answer_and_every_row(pictured, page_bytes):
    page = Page(page_bytes)
    for text in pictured.summary.answer.values():
        assert text in page.text
    for row in pictured.summary.steps:
        assert row.label in page.text
        assert row.flat_field.reason is None or row.flat_field.reason in page.text
    for finding in pictured.summary.warnings:
        assert finding.text in page.text
    for each in pictured.summary.inputs.dropped:
        assert each.source in page.text
        assert each.reason in page.text
    assert "-13.2 dBc (-13.9 to -12.5)" in page.text


def test_it_asks_for_nothing_and_runs_nothing(page_bytes):
    page = Page(page_bytes)
    (policy,) = (m["content"] for m in page.all("meta") if "http-equiv" in m)
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert not page.all("script")
    assert not page.all("link")
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes), tag
        for name in ("src", "href"):
            assert attributes.get(name, "data:").startswith("data:"), tag
    assert b"@import" not in page_bytes
    assert b"url(" not in page_bytes


def test_pictures_say_what_is_seen_and_take_their_room_before_they_are_there(page_bytes):
    images = Page(page_bytes).all("img")
    assert len(images) >= 4
    for image in images:
        assert len(image["alt"]) > 20
        assert int(image["width"]) > 0
        assert int(image["height"]) > 0


def test_tables_carry_the_answer_without_styles(page_bytes):
    page = Page(page_bytes)
    assert len(page.all("caption")) == len(page.all("table"))
    assert {th.get("scope") for th in page.all("th")} == {"row", "col"}


def test_foreign_names_are_text(tmp_path):
    name = STRANGE[0]
    said = replace(
        summary(),
        steps=tuple(step(each, PRESENT) for each in STRANGE),
        worst=None,
        model=replace(summary().model, source=name),
        answer={"verdict": f"a grid of {name}", "where": STRANGE[1]},
    )
    result = Finished(summary=said, data=tree(groups=("input", "output")))
    data = written(result, tmp_path)
    page = Page(data)
    (tmp_path / "plain").mkdir()
    plain = Page(written(Finished(data=tree(groups=("input", "output"))), tmp_path / "plain"))
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags}
    assert b"\x1b" not in data
    assert "\u202e" not in data.decode()
    assert page.text.count(name) >= 3
    assert STRANGE[1] in page.text
    assert STRANGE[4].encode("unicode_escape").decode() in page.text
    assert STRANGE[5] in page.text
    assert len(page.all("bdi")) >= len(STRANGE)  # so that no name turns what stands beside it
    assert "<script" not in result._repr_html_()


def test_a_notebook_shows_answer_pictures_and_table_and_stays_small(pictured):
    text = pictured._repr_html_()
    page = Page(text.encode())
    assert len(text) < 300_000
    for answer in pictured.summary.answer.values():
        assert answer in page.text
    for row in pictured.summary.steps:
        assert row.label in page.text
    assert len(page.all("img")) == 2
    assert all(image["src"].startswith("data:") for image in page.all("img"))
    assert not page.all("script")


def test_the_same_result_is_the_same_page_also_when_it_was_read_again(
    tmp_path, pictured, page_bytes
):
    pictured.save(tmp_path / "kept", formats=("json", "nc"))
    again = report.Result(
        report.read_summary(tmp_path / "kept"), report.read_tree(tmp_path / "kept")
    )
    assert written(again, tmp_path / "again") == page_bytes


def test_without_inputs_or_scores_it_says_that_it_does_not_know(tmp_path):
    said = replace(
        clean(),
        verdict="insufficient",
        steps=(step("up", UNSCORED),),
        inputs=replace(summary().inputs, count=0, used=0),
        answer={"verdict": "not tested: no inputs"},
    )
    page = Page(written(Finished(summary=said, data=tree(groups=())), tmp_path))
    assert "not tested: no inputs" in page.text
    assert "not known: the output was not tested" in page.text
    assert "only the probes that need no data ran" in page.text
    assert "too small" in page.text


def test_a_command_stands_there_to_be_copied(tmp_path):
    said = summary()
    advised = replace(said.steps[2].advice, text=said.answer["try"], options="--with lctc7")
    steps = (*said.steps[:2], replace(said.steps[2], advice=advised), said.steps[3])
    said = replace(said, steps=steps)
    assert said.advised_command == "spectra.run.try_swap(model, inputs, 'lctc7')"
    bare = Finished(summary=said, data=tree(groups=()))
    asked = bare.asked_by("spectra analyze a.pth b --out c", arguments="a.pth b")
    page = Page(written(asked, tmp_path))
    assert "spectra swap a.pth b --with lctc7" in page.text
    assert "spectra analyze a.pth b --out c" in page.text


@pytest.mark.parametrize(
    ("told", "used", "shown"),
    [
        ("nothing to do: the grid is faint", 24, False),
        ("first up: turn it off", 24, True),
        ("nothing to do: the grid is faint", 0, True),  # a step is all that is known of
    ],
)
def test_a_card_advises_what_the_answer_advises(told, used, shown):
    advised = replace(step("up", PRESENT), advice=Finding("balance", "turn it off"))
    base = summary()
    said = replace(base, answer={"try": told}, inputs=replace(base.inputs, used=used))
    assert ("turn it off" in _sentences(said, advised)) == shown


def test_what_speaks_against_a_cause_stands_in_a_row_of_its_own():
    said = replace(clean(), answer={**clean().answer, "why": "it leaks", "but": "the inputs too"})
    asked = {row.text: row.answers for row in _questions(said)}
    assert asked["Why?"] == ("it leaks",)
    assert asked["But"] == ("the inputs too",)
    assert "But" not in [row.text for row in _questions(clean())]


def test_in_python_the_command_is_one_of_python():
    said = summary()
    options = "--with lctc7 --steps 'up.*' --repair 30 --save"
    advised = replace(said.steps[2].advice, text=said.answer["try"], options=options)
    said = replace(said, steps=(replace(said.steps[2], advice=advised),))
    assert said.advised_command == (
        "spectra.run.try_swap(model, inputs, 'lctc7', steps='up.*', repair=30)"
    )
    ast.parse(said.advised_command)
    assert summary().advised_command is None


def graded(own, *, cubic=-30.0, nearest=-15.0, word="faint"):
    rows = (
        Yardsticks((2, 2), own, nearest, -28.0, cubic),
        Yardsticks((4, 4), -60.0, -20.0, None, -10.0),
    )
    return Graded(word, "yardstick", yardsticks=rows)


@pytest.mark.parametrize("own", [-60.0, -29.9, -22.5, -3.0])
def test_the_marker_stands_where_its_number_is(own):
    scale = severity_scale(graded(own))
    cubic, nearest = (mark.x for mark in scale.yardsticks)
    per_db = (nearest - cubic) / 15
    assert scale.own.x == pytest.approx(cubic + per_db * (own + 30), abs=0.2)
    assert min(cubic, scale.own.x) >= 0
    assert max(nearest, scale.own.x) <= 640
    assert f"{own:.1f} dBc at period 2 px" in scale.title


def test_without_a_word_there_is_no_scale_and_without_yardsticks_no_axis():
    assert severity_scale(graded(-20.0, word="insufficient")) is None
    bare = severity_scale(Graded("none", "yardstick"))
    assert bare.own is None
    assert bare.word == "none"


def many(count, rng, side):
    steps = tuple(step(f"decoder.{i}.up", PRESENT) for i in range(count))
    groups = {"input": None, **{f"steps/{i}": None for i in range(count)}, "output": None}
    data = {path: spectrum(rng, side) for path in groups}
    kernel = portrait(transposed_conv(rng.normal(size=(4, 4, 7, 7)), stride=2))
    data |= {f"kernels/{i}": kernel for i in range(count)}
    return Finished(summary=replace(summary(), steps=steps), data=xr.DataTree.from_dict(data))


@pytest.mark.slow
def test_twenty_steps_of_noise_are_less_than_two_megabytes(tmp_path, rng):
    assert len(written(many(20, rng, 256), tmp_path)) < 2_000_000


@pytest.mark.slow
def test_a_hundred_steps_of_noise_are_less_than_six_megabytes(tmp_path, rng):
    assert len(written(many(100, rng, 256), tmp_path)) < 6_000_000


def test_the_page_of_kernels_has_every_number_of_the_table(tmp_path):
    table = spectra.measure_kernels(small())
    table.save(tmp_path / "out", formats=("html",))
    page = Page((tmp_path / "out" / "report.html").read_bytes())
    for row in table.layers:
        assert row.name in page.text
        assert f"{row.measures.rejection_db:.1f}" in page.text
        assert f"{row.measures.rejection_bound_db:.1f}" in page.text
    assert len(page.all("img")) == 1
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"report.html"}


def test_the_page_of_a_swap_says_what_the_terminal_says(tmp_path):
    x = torch.rand(12, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    trial = spectra.run.try_swap(nn.ConvTranspose2d(3, 3, 4, 2, 1).eval(), x, "lctc7")
    trial.save(tmp_path / "out")
    page = Page((tmp_path / "out" / "report.html").read_bytes())
    told = {word for line in trial.text().splitlines()[2:] for word in line.split()}
    assert {"(model)", "transposed_conv", "LCTC", "Cost", "Output"} <= told
    assert told <= set(page.text.split())


def test_the_page_of_a_comparison_has_every_row_and_sentence(tmp_path):
    compared = spectra.compare(result(0.3), result(0.1), names=["old", "<script>new"])
    compared.save(tmp_path / "out", formats=("html",))
    page = Page((tmp_path / "out" / "report.html").read_bytes())
    assert not page.all("script")
    for text in compared.answer.values():
        assert " ".join(text.split()) in page.text
    assert "better: <script>new against old" in page.text
    for row in compared.rows:
        if row.change.db is not None:
            assert f"{row.change.db:+.1f}" in page.text
            assert " to ".join(f"{end:+.1f}" for end in row.change.ci95_db) in page.text
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"report.html"}


def test_the_page_of_a_series_shows_its_curve(tmp_path):
    made = spectra.compare(*map(result, (0.1, 0.3, 0.2)), names=["e10", "e2", "e9"])
    made.save(tmp_path / "out", formats=("html",))
    page = Page((tmp_path / "out" / "report.html").read_bytes())
    assert len(page.all("img")) == 1
    assert made.series.answer in page.text
    assert page.text.count("against e2") == 4  # title, heading, and a section for each later result
