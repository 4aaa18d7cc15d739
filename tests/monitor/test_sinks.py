"""Numbers and pictures go through what a training logs to already, told apart by what it can do."""

import csv
import inspect
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import spectra
from spectra.report import TrainingLog


class Writer:
    """What TensorBoard's SummaryWriter offers."""

    def __init__(self):
        self.scalars, self.images, self.texts = {}, {}, {}

    def add_scalar(self, tag, value, step):
        self.scalars.setdefault(tag, []).append((step, value))

    def add_image(self, tag, pixels, step, dataformats="CHW"):
        self.images[step] = (tag, pixels, dataformats)

    def add_text(self, tag, text, step):
        self.texts[step] = text


class Run:
    """What a run of W&B offers."""

    def __init__(self):
        self.lines, self.metrics = [], []

    def define_metric(self, name, step_metric):
        self.metrics.append((name, step_metric))

    def log(self, data, step=None, commit=None, sync=None):
        self.lines.append((data, step, commit))


class Mlflow:
    """What the module mlflow offers."""

    def __init__(self):
        self.metrics, self.images = [], []

    def log_metrics(self, metrics, step=None):
        self.metrics.append((step, metrics))

    def log_image(self, image, artifact_file=None, key=None, step=None):
        self.images.append((image, key, step))


class Accelerator:
    def __init__(self):
        self.lines = []

    def log(self, values, step=None, log_kwargs=None):
        self.lines.append((step, values))


@pytest.fixture
def measured(decoder, inputs):
    """Log one measurement to a target and return it."""

    def to(log):
        monitor = spectra.Monitor(decoder, inputs, log=log, share=None, strict=True)
        return monitor.step(5)

    return to


def test_a_writer_of_tensorboard_gets_scalars_the_word_and_the_strip(measured):
    writer = Writer()
    tick = measured(writer)
    assert writer.scalars["spectra/output_dbc"] == [(5, tick.output.told_dbc)]
    assert writer.scalars["spectra/steps/4_dbc"] == [(5, tick.steps["4"].told_dbc)]
    assert writer.texts == {5: tick.severity}
    tag, pixels, layout = writer.images[5]
    assert (tag, layout) == ("spectra/strip", "HWC")
    assert pixels.shape == (48, 2 * 48 + 4, 3)
    assert pixels.dtype == np.uint8


def test_a_run_of_wandb_gets_a_step_of_its_own_and_its_image(measured, monkeypatch):
    image = SimpleNamespace(Image=lambda pixels, caption: (pixels.shape, caption))
    monkeypatch.setitem(sys.modules, "wandb", image)
    run = Run()
    tick = measured(run)
    ((line, step, commit),) = run.lines
    assert (step, commit) == (None, False)  # the training's own count of lines goes on
    assert (line["spectra/step"], line["spectra/severity_word"]) == (5, tick.severity)
    assert line["spectra/strip"][0] == (48, 100, 3)
    assert "of the range" in line["spectra/strip"][1]
    assert run.metrics == [("spectra/*", "spectra/step")]


@pytest.mark.slow
def test_mlflow_gets_metrics_and_an_image(measured):
    module = Mlflow()
    tick = measured(module)
    ((step, metrics),) = module.metrics
    assert (step, metrics["spectra/output_dbc"]) == (5, tick.output.told_dbc)
    ((image, key, at),) = module.images
    assert (image.shape, key, at) == ((48, 100, 3), "spectra/strip", 5)


def test_accelerate_gets_values_and_a_step(measured):
    accelerator = Accelerator()
    tick = measured(accelerator)
    ((step, values),) = accelerator.lines
    assert (step, values["spectra/output_dbc"]) == (5, tick.output.told_dbc)


@pytest.mark.slow
def test_several_targets_get_the_same(measured, tmp_path):
    writer, got = Writer(), []
    measured([writer, tmp_path / "log.csv", lambda values, step: got.append((step, values))])
    ((step, values),) = got
    assert {name: pairs[0] for name, pairs in writer.scalars.items()} == {
        name: (step, value) for name, value in values.items()
    }
    assert (tmp_path / "log.csv").is_file()
    assert (tmp_path / "log-strips" / "5.png").is_file()


def test_a_csv_file_holds_the_output_and_each_step_and_is_read_again(measured, tmp_path):
    path = tmp_path / "logs" / "run.csv"
    tick = measured(path)
    with path.open() as lines:
        rows = list(csv.DictReader(lines))
    assert [row["place"] for row in rows] == ["output", "step 4"]
    assert float(rows[0]["dbc"]) == pytest.approx(tick.output.asr_dbc, abs=1e-4)
    (again,) = TrainingLog.read(path).ticks
    assert (again.step, again.severity, again.output.verdict) == (5, tick.severity, "present")
    assert again.output.asr_ci95_dbc == pytest.approx(tick.output.asr_ci95_dbc, abs=1e-4)
    assert again.steps["4"].told_dbc == pytest.approx(tick.steps["4"].told_dbc, abs=1e-4)


@pytest.mark.slow
def test_a_log_goes_on_where_a_resumed_training_does(decoder, inputs, tmp_path):
    """The run was stopped after step 4; its checkpoint is of step 3."""

    def steps(numbers):
        monitor = spectra.Monitor(
            decoder, inputs, every=2, log=tmp_path / "log.csv", share=None, strict=True
        )
        for number in numbers:
            monitor.step(number)
        return [tick.step for tick in TrainingLog.read(tmp_path / "log.csv").ticks]

    assert steps([1, 2, 3, 4]) == [1, 2, 4]
    assert steps([4, 5, 6]) == [1, 2, 4, 6]


@pytest.mark.slow
def test_the_real_writer_of_tensorboard_takes_it(measured, tmp_path):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(tmp_path)) as writer:
        tick = measured(writer)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    (scalar,) = events.Scalars("spectra/output_dbc")
    assert scalar.step == 5
    assert scalar.value == pytest.approx(tick.output.told_dbc, rel=1e-6)
    (image,) = events.Images("spectra/strip")
    assert (image.width, image.height) == (100, 48)


@pytest.mark.parametrize(
    ("name", "ours"),
    [("wandb", Run.log), ("mlflow", Mlflow.log_metrics)],
)
def test_what_stands_for_a_library_takes_what_it_takes(name, ours):
    library = pytest.importorskip(name, reason=f"{name} is not installed")
    real = library.sdk.wandb_run.Run.log if name == "wandb" else library.log_metrics
    wanted = set(inspect.signature(ours).parameters) - {"self"}
    assert wanted - set(inspect.signature(real).parameters) <= {"sync"}


def test_a_grid_in_colour_is_drawn_in_colour_and_one_of_features_in_grey():
    from spectra.plot import grid_strip

    grid = 0.1 * torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(3, 2, 2).numpy()
    output = np.full((3, 4, 4), 0.5, np.float32)
    pixels, caption = grid_strip(output, grid, limits=(0, 1), shown=(0, 1))
    assert pixels.shape == (4, 12, 3)
    assert set(pixels[:, :4].ravel()) == {128}
    assert set(pixels[:, 4:8].ravel()) == {255}
    assert "AMPLIFIED ×2;" in caption  # 0.1 of the range: twice that is the most below 0.4 of it
    assert set(pixels[:, 8:].ravel()) == {
        round(255 * 0.4),
        round(255 * 0.6),
    }  # what is there, once more
    grey, _ = grid_strip(output[:1], grid[:1], limits=None, shown=(0, 1))
    assert (grey[..., 0] == grey[..., 2]).all()
