"""Shipped settings: what they hold, the networks they name, and one step of each on small trees."""

import json
from argparse import ArgumentParser
from dataclasses import replace

import pytest
import torch

from spectra.attack import AttackSpec
from spectra.data import Augmentation
from spectra.errors import ParameterError
from spectra.study import Stage
from spectra.study import __main__ as command
from spectra.study._config import Config, read_config, shipped
from spectra.study._named import network_by_name
from spectra.study._train_command import add_train, asked
from support.trees import gopro_tree, scene_flow_tree, voc_tree

COUNTS = {
    "gopro-nafnet32": 17_111_907,
    "gopro-restormer": 26_126_644,
    "sceneflow-sttr-light": 2_333_347,
    "voc-unet-convnext": 37_461_141,
    "voc-vit-dpt": 27_488_469,
}
LARGE_KERNELS = {  # with lctc7+3; docs/results/model-costs.md
    "gopro-nafnet32": 16_472_227,
    "gopro-restormer": 22_682_644,
    "sceneflow-sttr-light": 2_267_171,
    "voc-unet-convnext": 35_991_477,
    "voc-vit-dpt": 27_231_285,
}
STEPS = {  # of the whole sets, by hand
    "gopro-nafnet32": 200_000,
    "gopro-restormer": 92_000 + 64_000 + 48_000 + 36_000 + 36_000 + 24_000,
    "sceneflow-sttr-light": 15 * 22_390,
    "voc-unet-convnext": 250 * 661,  # 10,582 photographs in batches of 16, the rest left out
    "voc-vit-dpt": 250 * 661,
}
WHOLE = {"gopro": 2103, "pascal_voc": 10_582, "scene_flow": 22_390}
NARROW = {  # one step on a CPU: everything else as shipped
    "gopro-nafnet32": ["width=4", "encoder_blocks=(1, 1)", "decoder_blocks=(1, 1)"],
    "gopro-restormer": ["width=8", "blocks=(1, 1, 1, 1)", "refinement=1"],
    "sceneflow-sttr-light": ["width=2", "layers=1"],
    "voc-unet-convnext": ["width=8"],
    "voc-vit-dpt": ["width=24", "depth=4", "heads=2", "features=8"],
}
TREES = {"gopro": gopro_tree, "voc": voc_tree, "sceneflow": scene_flow_tree}
CROPS = {"gopro": "32x32", "voc": "32x32", "sceneflow": "124x128"}


@pytest.fixture(autouse=True)
def no_curve(monkeypatch):
    monkeypatch.setattr("spectra.study._train.draw_curve", lambda part, rows, **_: part.touch())


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr("sys.argv", ["spectra.study", "train", *map(str, arguments)])
    try:
        command.main()
        code = 0
    except SystemExit as stop:
        code = stop.code
    return code, *capsys.readouterr()


def parsed(*arguments):
    parser = ArgumentParser()
    add_train(parser.add_subparsers())
    return asked(parser.parse_args(["train", *arguments]))


def test_every_shipped_file_is_one_of_the_five():
    assert shipped() == sorted(COUNTS)


@pytest.mark.parametrize("name", COUNTS)
def test_the_network_of_the_settings_has_the_published_number_of_parameters(name):
    config = read_config(name)
    classes = 21 if config.task == "segmentation" else None
    # STTR is small, and normal values on the meta device import a compiler for 2 s
    with torch.device("cpu" if "sttr" in name else "meta"):
        nets = [
            network_by_name(config.model, {**config.arguments, **more}, classes=classes)()
            for more in ({}, {"upsampler": "lctc7+3"})
        ]
    found = [sum(weight.numel() for weight in net.parameters()) for net in nets]
    assert found == [COUNTS[name], LARGE_KERNELS[name]]


@pytest.mark.parametrize("name", COUNTS)
def test_the_settings_make_a_training_of_as_many_steps_as_were_published(name):
    config = read_config(name)
    training = config.training_on(WHOLE[config.set])
    assert training.steps == STEPS[name]
    assert training.adversarial is None
    assert AttackSpec.parse(config.adversarial) == AttackSpec("fgsm", 8 / 255)
    for attack in config.attacks:
        assert AttackSpec.parse(attack).eps == 8 / 255
    config.varied().check(config.task)


def test_restormer_sees_the_crops_and_rates_of_its_file():
    """Its file: 3e-4 for 92,000 steps, then a cosine to 1e-6 over 208,000."""
    training = read_config("gopro-restormer").training_on(2103)
    sizes = [(stage.batch, stage.crop[0]) for stage in training.stages]
    assert sizes == list(zip((8, 5, 4, 1, 1, 1), (128, 160, 192, 256, 320, 384), strict=True))
    rates = [3e-4 * training.share_of_rate(step) for step in (0, 92_000, 196_000, 300_000)]
    assert rates == pytest.approx([3e-4, 3e-4, (3e-4 + 1e-6) / 2, 1e-6])


@pytest.mark.parametrize("name", COUNTS)
def test_one_step_on_a_small_tree_and_again_is_read(monkeypatch, capsys, tmp_path, name):
    kind = name.partition("-")[0]
    data = TREES[kind](tmp_path / "data")
    given = ["--config", name, "--data", data, "--out", tmp_path / "out", "--steps", "1"]
    given += [part for text in NARROW[name] for part in ("--arch-arg", text)]
    given += ["--crop", CROPS[kind], "--workers", "0", "--upsampler", "lctc7+3", "--device", "cpu"]
    given += ["--attack", "fgsm:eps=1/255"]
    code, answer, errors = run(monkeypatch, capsys, *given)
    assert code == 0, errors
    written = json.loads((tmp_path / "out" / "training.json").read_text())
    config = read_config(name)
    batch = 5 if name == "gopro-restormer" else config.training["batch"]  # its second stage
    made = written["settings"]
    assert (made["steps"], made["batch"]) == (1, batch)
    assert made["weight_decay"] == config.training["weight_decay"]
    assert made.get("mean", []) == list(config.mean)
    assert made["train"].split(", ")[1] == "3 samples"
    assert [row["step"] for row in written["history"]] == [0, 1]
    attacked = json.loads((tmp_path / "out" / "attacks.json").read_text())["values"]
    assert [text.partition(",")[0] for text in attacked] == ["fgsm:eps=1/255"]
    assert "Wrote" in answer
    assert ("begins at random" in errors) == bool(config.encoder)
    assert run(monkeypatch, capsys, *given)[:2] == (0, answer)


def test_what_is_given_explicitly_wins_and_the_rest_stays():
    config = parsed(
        *("--config", "gopro-restormer", "--steps", "3000", "--batch", "2", "--crop", "64x64"),
        *("--learning-rate", "1e-3", "--clip", "5", "--seed", "7", "--at-once", "1"),
        *("--upsampler", "lctc11+3", "--arch-arg", "width=16", "--attack", "pgd:steps=3"),
    )
    training = config.training_on(2103)
    assert (training.steps, training.batch, training.hold) == (3000, 2, 920)
    assert training.stages[0] == Stage(920, 2, (64, 64))
    assert {stage.crop for stage in training.stages} == {(64, 64)}
    assert (training.learning_rate, training.clip, training.seed) == (1e-3, 5, 7)
    assert (training.weight_decay, training.least_rate) == (1e-4, 1e-6)
    assert config.arguments == {"width": 16, "upsampler": "lctc11+3"}
    assert config.varied() == Augmentation((64, 64), flip="xy", transpose=True)
    assert config.attacks == ("pgd:steps=3",)
    assert parsed("--config", "gopro-restormer", "--attack", "none").attacks == ()


def test_a_file_of_ones_own_is_read_by_its_path(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'task = "segmentation"\nmodel = "spectra.models:unet_small"\n'
        "[augmentation]\ncrop = [32, 48]\n[training]\nepochs = 2\nbatch = 4\nbetas = [0.8, 0.9]\n"
        "[evaluation]\nattacks = ['fgsm']\n"
    )
    config = read_config(str(path))
    assert config == Config(
        "segmentation",
        "spectra.models:unet_small",
        name="mine",
        set="pascal_voc",
        augmentation=Augmentation(crop=(32, 48)),
        training={"batch": 4, "betas": [0.8, 0.9], "stages": ()},
        epochs=2,
        attacks=("fgsm",),
    )
    assert config.training_on(11).steps == 2 * (11 // 4)
    assert config.training_on(3).steps == 2
    assert replace(config, steps=9).training_on(11).steps == 9


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("task = ", "is no file of settings"),
        ('model = "a:b"', "is no file of settings.*task"),
        ('task = "deblurring"\nmodel = "a:b"', "task='deblurring'"),
        ('task = "disparity"\nmodel = "a:b"\n[data]\nset = "gopro"', "expected a set of disparity"),
        ('task = "disparity"\nmodel = "a:b"\nlos = "epe"', "setting='los': did you mean loss"),
        (
            'task = "disparity"\nmodel = "a:b"\n[training]\nepoch = 3',
            "setting='epoch': did you mean epochs",
        ),
        (
            'task = "disparity"\nmodel = "a:b"\n[training]\nstages = [{ step = 3 }]',
            "setting='step': did you mean steps",
        ),
        ('task = "disparity"\nmodel = "a:b"\n[normalisation]\nmaen = [1]', "did you mean mean"),
        (
            'task = "disparity"\nmodel = "a:b"\n[training]\nepochs = 3\nsteps = 4',
            "epochs=3 beside steps",
        ),
    ],
)
def test_a_file_that_says_something_unknown_is_refused_in_one_line(tmp_path, text, said):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ParameterError, match=said) as caught:
        read_config(str(path))
    assert "\n" not in str(caught.value)


def test_a_name_that_is_not_shipped_and_a_file_that_is_not_there_are_refused(tmp_path):
    with pytest.raises(ParameterError, match="did you mean gopro-nafnet32"):
        read_config("gopro-nafnet")
    with pytest.raises(ParameterError, match=r"nowhere\.toml' cannot be read.*or one of gopro"):
        read_config(str(tmp_path / "nowhere.toml"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--config", "gopro-nafnet32"], "--config gopro-nafnet32 needs --data, the folder of Go"),
        (["--task", "restoration"], "expected --config NAME, or both --task and --model"),
        (
            ["--task", "restoration", "--model", "a:b", "--adversarial"],
            "expected an attack, such as",
        ),
        (["--config", "voc-vit-dpt", "--data", "{}", "--out", "{}/o"], "is no PASCAL VOC 2012"),
    ],
)
def test_what_is_missing_is_said_in_one_line(monkeypatch, capsys, tmp_path, arguments, said):
    given = [text.format(tmp_path) for text in arguments]
    code, answer, errors = run(monkeypatch, capsys, *given, "--device", "cpu")
    assert (code, answer) == (2, "")
    assert said in errors
    assert len(errors.splitlines()) == 1
