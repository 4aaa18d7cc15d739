"""Operations, hours and memory against numbers that were worked out by hand."""

import re
import textwrap
from argparse import ArgumentParser
from pathlib import Path

import pytest
import torch
from torch import nn

from spectra.attack import AttackSpec
from spectra.study import Stage, Training
from spectra.study import __main__ as command
from spectra.study._config import Config, read_config, shipped
from spectra.study._cost import (
    SUSTAINED,
    evaluation_operations,
    footprint,
    hours,
    training_operations,
)
from spectra.study._estimate import estimated
from spectra.study._named import network_by_name
from spectra.study._train_command import add_train

PAGE = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")


def test_the_operations_of_stages_are_those_of_their_crops_added_up():
    """2 * (3 passes * (10 * 4 samples * 5 + 20 * 1 * 7) multiply-adds)."""
    training = Training(stages=[Stage(10, batch=4, crop=(2, 2)), Stage(20, batch=1, crop=(3, 3))])
    dear = {(2, 2): 5.0, (3, 3): 7.0}
    clean = 2 * 3 * (10 * 4 * 5 + 20 * 1 * 7)
    assert training_operations(training, dear.__getitem__) == clean == 2040
    # each attacked sample adds 2 passes a step of the attack: 2 of 4, and the one of a batch of 1
    pgd = AttackSpec("pgd", steps=3)
    attacked = 2 * 2 * 3 * (10 * 2 * 5 + 20 * 1 * 7)
    assert training_operations(training, dear.__getitem__, pgd) == clean + attacked == 4920


def test_an_evaluation_is_a_pass_and_attacks_on_one_way_are_one_run():
    """Of each run: two passes a step, the clean output, and one output for each attack."""
    attacks = [AttackSpec("fgsm"), *(AttackSpec("cospgd", steps=n) for n in (5, 10, 20))]
    passes = 11 + (2 * 1 + 2) + (2 * 20 + 1 + 3)
    assert evaluation_operations(7, 3.0, times=11, attacks=attacks) == 2 * 7 * 3 * passes


def test_hours_are_operations_over_the_rate():
    assert hours(7.2e18, sustained=1e15) == 2.0


def test_a_convolution_costs_its_taps_and_keeps_its_input():
    """A 3x3 convolution 2 -> 4 of 5x6 pixels, grouped by 2: 5 * 6 * 4 * 9 multiply-adds."""
    with torch.device("meta"):
        net = nn.Conv2d(2, 4, 3, padding=1, groups=2)
    found = footprint(net, (2, 5, 6))
    assert found.parameters == 4 * 9 + 4
    assert found.multiply_adds == 5 * 6 * 4 * 9
    assert found.kept == 4 * 2 * 5 * 6
    assert found.bytes(10) == 16 * 40 + 10 * 240  # weight, gradient, two moments; ten inputs


def test_a_map_that_two_layers_need_is_kept_once():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = (nn.Conv2d(1, 1, 1) for _ in range(2))

        def forward(self, x):
            return self.one(x) + self.two(x)

    with torch.device("meta"):
        net = Twice()
    assert footprint(net, (1, 4, 4)).kept == 4 * 16


def test_what_is_kept_is_what_a_gradient_holds_on_a_real_device():
    """Counted again where tensors have addresses, by a hook on a CPU."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.GELU(), nn.Conv2d(4, 2, 1), nn.Sigmoid())
    held = {}
    weights = {weight.data_ptr() for weight in net.parameters()}

    def note(kept):
        if kept.data_ptr() not in weights:
            held[kept.data_ptr()] = kept.untyped_storage().nbytes(), kept
        return kept

    x = torch.rand(1, 3, 8, 9, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda kept: kept):
        y = net(x)
    expected = sum(size for size, _ in held.values())
    assert footprint(net.to("meta"), (3, 8, 9)).kept == expected
    assert y.requires_grad


def conv(side=1):
    return nn.Conv2d(3, 3, side, padding=side // 2, bias=False)


def test_an_estimate_is_of_the_whole_published_set():
    """GoPro: 2,103 and 1,111 pairs of 1280x720; 9 multiply-adds a pixel of a 1x1 convolution."""
    config = Config(
        "restoration",
        "a:b",
        training={"batch": 4, "evaluate_every": 300, "at_once": 3},
        epochs=2,
        reduce=2,
        attacks=("pgd:steps=2",),
        attacked_samples=100,
    ).with_crop((50, 50))
    found = estimated(config, conv, adversarial="fgsm")
    assert found.training.steps == 2 * 525
    crop, whole = 9 * 50 * 50, 9 * 360 * 640
    assert found.operations == {
        "training": 2 * 1050 * crop * (3 * 4 + 2 * 2),
        "evaluations": 2 * 1111 * whole * 5,  # at 0, 300, 600, 900 and 1050 steps
        "attacks": 2 * 100 * whole * (2 * 2 + 2),
    }
    assert found.memory == 16 * 9 + 3 * 4 * 3 * 50 * 50
    assert found.attack_memory == 4 * 3 * 360 * 640


def test_the_authors_logs_of_restormer_lie_within_the_estimate():
    """Three to five days on one GPU, as the logs of Restormer's kin say."""
    config = read_config("gopro-restormer")
    dear = {128: 38.72, 160: 60.5, 192: 87.1, 256: 154.9, 320: 242.0, 384: 348.5}  # G, per crop
    training = config.training_on(2103)
    operations = training_operations(training, lambda crop: 1e9 * dear[crop[0]])
    assert 3 * 24 < hours(operations) < 5 * 24


def test_the_command_prints_hours_and_trains_nothing(monkeypatch, capsys, tmp_path):
    net = tmp_path / "nets.py"
    net.write_text("from torch import nn\ndef one():\n    return nn.Conv2d(3, 3, 1)\n")
    given = ("--task", "restoration", "--model", f"{net}:one", "--out", str(tmp_path / "out"))
    given += ("--steps", "1000000000", "--batch", "4", "--hours", "2")
    monkeypatch.setattr("sys.argv", ["spectra.study", "train", *given])
    command.main()
    said = capsys.readouterr().out
    operations = 2 * 10**9 * 4 * 3 * 9 * 256 * 256
    row = f"  training    {operations / 1e15:10,.0f} PFLOP{operations / 2e12 / 3600:9,.1f} h"
    assert row == "  training            14 PFLOP      2.0 h"
    assert row in said
    assert "at 2 TFLOP/s, estimated and not measured" in said
    assert "12 parameters, 1,000,000,000 steps" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped())
def test_the_page_shows_the_estimate_of_each_shipped_file(name):
    config = read_config(name)
    classes = 21 if config.task == "segmentation" else None
    make = network_by_name(config.model, config.arguments, classes=classes)
    clean = estimated(config, make)
    attacked = estimated(config, make, adversarial=config.adversarial)
    each = {part: hours(count) for part, count in clean.operations.items()}
    cells = [
        f"`{name}`",
        f"{clean.operations['training'] / 1e15:,.0f}",
        f"{each['training']:.0f}",
        f"{hours(attacked.operations['training']):.0f}",
        f"{each['evaluations']:.1f}",
        f"{each['attacks']:.0f}",
        f"{clean.memory / 2**30:.0f}",
        f"{clean.attack_memory / 2**30:.0f}",
    ]
    assert f"| {' | '.join(cells)} |" in PAGE
    if name == "voc-unet-convnext":  # which the page shows in full
        for line in clean.lines(SUSTAINED):
            assert line in PAGE


def test_the_page_names_every_shipped_file_and_every_option_it_shows():
    shown = set(re.findall(r"--[a-z][a-z-]+", PAGE)) - {"--nproc-per-node"}
    parser = ArgumentParser()
    commands = parser.add_subparsers()
    add_train(commands)
    known = commands.choices["train"].format_help()
    assert {option for option in shown if option not in known} == set()
    assert [name for name in shipped() if PAGE.count(f"--config {name}") < 1] == []


def test_settings_as_the_page_shows_them_are_read(tmp_path):
    text = PAGE.partition("## Settings of your own")[2].partition("What is misspelt")[0]
    (tmp_path / "mine.toml").write_text(textwrap.dedent(text))
    config = read_config(str(tmp_path / "mine.toml"))
    training = config.training_on(1600)
    assert (training.steps, training.hold, training.faster) == (100 * 100, 1000, {"head": 10.0})
    assert (config.loss, config.mean) == ("charbonnier", (0.5, 0.5, 0.5))


def test_an_estimate_at_no_rate_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(
        "sys.argv", ["spectra.study", "train", "--config", "voc-vit-dpt", "--hours", "0"]
    )
    with pytest.raises(SystemExit) as stop:
        command.main()
    assert stop.value.code == 2
    assert "--hours 0: expected" in capsys.readouterr().err
