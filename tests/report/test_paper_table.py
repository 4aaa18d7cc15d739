"""The table of steps says what the summary holds, whatever its names are."""

import csv
import re
import shutil
import subprocess
from dataclasses import replace
from io import StringIO

import pytest

from spectra.report._paper_table import paper_table
from spectra.score import AtOutput
from support.summaries import PRESENT, clean, step, summary

NASTY = r"a_b&c%d$e#f{g}~h^i\j<script>|k"


def nasty():
    return replace(clean(), steps=(step(NASTY, PRESENT),))


def test_csv_holds_numbers_as_the_summary_does_and_a_dash_for_none():
    rows = list(csv.DictReader(StringIO(paper_table([("x", summary())], "csv"))))
    assert [row["step"] for row in rows][-1] == "output"
    last = next(row for row in rows if row["step"].endswith("transposed_convolution"))
    assert (last["alias_dbc"], last["interval_dbc"]) == ("-13.2", "-13.9 to -12.5")
    assert (last["kernel_stride"], last["period"]) == ("3/2", "2 px")
    assert last["at_output_dbc"] == "-22.0"
    assert last["without_it_db"] == "-"
    unscored = next(row for row in rows if row["step"] == "decoder.aux.up")
    assert (unscored["alias_dbc"], unscored["verdict"]) == ("-", "insufficient")


@pytest.mark.parametrize(
    ("interval", "told"), [((-12.4, -8.1), ("-11.8", "-12.4 to -8.1")), (None, ("-", "-"))]
)
def test_what_the_output_has_without_a_step_is_told_with_its_interval_only(interval, told):
    there = AtOutput(without_db=-11.8, without_ci95_db=interval, without_upper_db=-8.1)
    said = replace(clean(), steps=(replace(step("up", PRESENT), at_output=there),))
    row = next(csv.DictReader(StringIO(paper_table([("x", said)], "csv"))))
    assert (row["without_it_db"], row["without_interval_db"]) == told


def test_a_nasty_name_comes_back_from_csv():
    rows = list(csv.DictReader(StringIO(paper_table([("x", nasty())], "csv"))))
    assert rows[0]["step"] == NASTY


def test_what_markdown_would_read_is_escaped():
    table = paper_table([("x", nasty())], "md")
    cell = table.splitlines()[2]
    assert "<script>" not in cell
    assert "&lt;script&gt;" in cell
    bars = re.findall(r"(?<!\\)\|", cell)
    assert len(bars) == len(re.findall(r"(?<!\\)\|", table.splitlines()[1]))


def test_every_row_of_latex_has_as_many_cells_as_columns_and_no_bare_character():
    table = paper_table([("one", summary()), ("two_2", nasty())], "latex")
    (columns,) = re.findall(r"\\begin\{tabular\}\{([lr]+)\}", table)
    body = [line for line in table.splitlines() if line.endswith(r"\\")]
    assert len(body) == 1 + len(summary().steps) + 1 + 2
    for line in body:
        assert len(re.findall(r"(?<!\\)&", line)) == len(columns) - 1
        text = re.sub(r"\$-?[\d.]+\$", "", line)  # numbers are mathematics
        text = re.sub(r"\\text\w+\{\}|\\[&%$#_{}]|\\\\$", "", text)
        assert not re.search(r"[%$#_{}~^<>|\\]", text), line
    assert table.count(r"\midrule") == 2
    assert "$-13.9$ to $-12.5$" in table
    assert " -- " in table


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex to compile the table")
def test_latex_compiles(tmp_path):
    table = paper_table([("one", summary()), ("two_2", nasty())], "latex")
    packages = r"\usepackage{booktabs}\usepackage[T1]{fontenc}"
    document = rf"\documentclass{{article}}{packages}\begin{{document}}{table}\end{{document}}"
    (tmp_path / "t.tex").write_text(document)
    subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )


def test_several_results_stand_under_one_another_by_their_labels():
    rows = list(csv.DictReader(StringIO(paper_table([("a", clean()), ("b", clean())], "csv"))))
    assert [row["result"] for row in rows] == ["a", "a", "b", "b"]
    assert "result" not in paper_table([("a", clean())], "csv")
