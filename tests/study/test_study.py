"""What is there is read, what is missing is run, and all of it becomes tables."""

import json
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from spectra.errors import LoadError
from spectra.study import _study as study_module
from spectra.study import _variants as variants
from spectra.study import evaluate
from spectra.study._cell import folder_of, read_cell, training_of
from spectra.study._matched import matched
from spectra.study._study import Study
from spectra.study._train import evaluated_weights
from spectra.study._trivial import trivial_quality
from spectra.study._variants import NETWORKS, build
from support.tiny_study import tiny_network, tiny_task

pytestmark = pytest.mark.usefixtures("tiny")
NAMES = ("shuffle1", "tc3")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return the folder of a study that ran once, for all tests."""
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(variants, "NETWORKS", {"nafnet": tiny_network()})
        Study("nafnet", NAMES, range(1), folder, jobs=1).run(lambda *_: None)
    return folder


@pytest.fixture
def study(finished, tmp_path):
    """Return a copy of it."""
    shutil.copytree(finished, tmp_path / "study")
    return Study("nafnet", NAMES, range(1), tmp_path / "study", jobs=1)


def ran(study):
    """Return which networks a study ran."""
    found = []
    study.run(lambda made, done, total: found.append((made.variant, made.seed, done, total)))
    return found


def test_a_study_goes_on_with_what_is_missing(study):
    assert ran(study) == []
    one = study.seed(0)
    folder_of(study.folder, "nafnet", "shuffle1", 0).joinpath("cell.json").unlink()
    assert ran(study) == [("shuffle1", 0, 1, 1)]
    assert study.seed(0).cells["tc3"] == one.cells["tc3"]
    again = study.seed(0).cells["shuffle1"]
    assert replace(again, seconds=0) == replace(one.cells["shuffle1"], seconds=0)


def test_networks_of_other_settings_are_not_taken_for_these(study):
    assert study.seed(0).cells.keys() == set(NAMES)
    assert replace(study, steps=5).seed(0).cells == {}


def test_a_cell_says_what_its_parts_say(study):
    made = study.seed(0).cells["tc3"]
    own = folder_of(study.folder, "nafnet", "tc3", 0)
    trained = json.loads((own / "training.json").read_text())
    assert made.clean == pytest.approx(trained["values"], abs=1e-4)  # of kernels not merged
    assert set(made.alias) >= {"output", "output_attacked", "change", "step0", "step1_attacked"}
    assert list(made.rejection) == list(made.untrained)
    assert made.training["steps"] == 4
    assert made.dead is (made.clean["psnr"] <= trivial_quality(tiny_task()))
    assert read_cell(own, training_of("nafnet", "tc3", 0)) == made
    assert read_cell(own, training_of("nafnet", "tc3", 0, steps=5)) is None


def test_weights_at_matched_quality_are_the_first_that_reach_it(study):
    """Qualities of the evaluations are written by hand: the level is that of the worst end."""
    cells = {name: replace(c, dead=False) for name, c in study.seed(0).cells.items()}
    worst = min(cells.values(), key=lambda c: c.clean["psnr"])
    better = next(c for c in cells.values() if c is not worst)
    own = folder_of(study.folder, "nafnet", better.variant, 0)
    text = json.loads((own / "training.json").read_text())
    rows = {row["step"]: row for row in text["history"] if row["values"]}
    rows[2]["values"]["psnr"] = worst.clean["psnr"] + 0.01
    (own / "training.json").write_text(json.dumps(text))
    found = matched(cells, study.folder)
    assert found[worst.variant].step == 4
    assert found[better.variant].step == 2
    assert {one.level for one in found.values()} == {worst.clean["psnr"]}
    network = build("nafnet", better.variant, 0)
    network.load_state_dict(load_file(evaluated_weights(own, 2)))
    assert found[better.variant].clean == pytest.approx(
        evaluate(tiny_task(), network)["psnr"], abs=1e-4
    )
    assert matched(cells, study.folder) == found


def test_a_level_that_was_never_reached_is_told(study):
    cells = {name: replace(c, dead=False) for name, c in study.seed(0).cells.items()}
    raised = {n: replace(c, clean={"psnr": 99.0, "ssim": 1.0}) for n, c in cells.items()}
    with pytest.raises(LoadError, match="never reached psnr 99"):
        matched(raised, study.folder)


def test_a_damaged_cell_is_named(study):
    path = folder_of(study.folder, "nafnet", "tc3", 0) / "cell.json"
    path.write_text("{}")
    with pytest.raises(LoadError, match=r"cell.json is no network of a study"):
        study.seed(0)


@pytest.mark.parametrize("network", ["nafnet", "unet", "sttr"])
def test_the_answer_that_does_not_look_is_that_of_a_model_that_does_not(network):
    """A model that returns its input, one class or one disparity, evaluated as any other."""
    task = tiny_task() if network == "nafnet" else NETWORKS[network].task()
    samples = [task.test[n] for n in range(len(task.test))]

    class Blind(torch.nn.Module):
        def forward(self, x):
            if network == "nafnet":
                return x
            known = torch.cat([s.target[s.counted] for s in samples])
            if network == "sttr":
                return known.median().expand(1, 1, *x.shape[-2:])
            logits = torch.zeros(1, len(task.test.classes), *x.shape[-2:])
            logits[:, known.bincount().argmax()] = 1
            return logits

    name = {"nafnet": "psnr", "unet": "miou", "sttr": "epe"}[network]
    assert trivial_quality(task) == pytest.approx(evaluate(task, Blind())[name])


@pytest.mark.slow
def test_where_one_fails_the_rest_is_kept(study, monkeypatch):
    for name in NAMES:
        folder_of(study.folder, "nafnet", name, 0).joinpath("cell.json").unlink()
    whole = study_module.cell

    def fails(network, variant, *rest, **options):
        if variant == "tc3":
            raise LoadError("no")
        return whole(network, variant, *rest, **options)

    monkeypatch.setattr(study_module, "cell", fails)
    with pytest.raises(LoadError):
        ran(study)
    assert study.seed(0).cells.keys() == {"shuffle1"}


@pytest.mark.slow
def test_processes_give_what_one_gives(finished, tmp_path):
    """Two processes of one thread; the tiny network stands in them as they are forked."""
    study = Study("nafnet", NAMES, range(1), tmp_path, jobs=2)
    study.run(lambda *_: None)
    alone = Study("nafnet", NAMES, range(1), finished, jobs=1).seed(0).cells
    for name, made in study.seed(0).cells.items():
        assert replace(made, seconds=0) == replace(alone[name], seconds=0)
