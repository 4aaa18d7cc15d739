"""Three small networks that differ in what they upsample with, and in nothing else."""

import pytest
from torch import nn

from spectra.data import Augmentation, restoration_photographs
from spectra.errors import ParameterError
from spectra.study import restoration, small_networks

PATCHES = restoration_photographs("train").only([0]).varied(Augmentation(crop=(16, 16)))
TASK = restoration(PATCHES, PATCHES)
LABELS = ["pixel shuffle 1x1", "transposed 3x3", "LCTC 11+3"]


@pytest.fixture(autouse=True)
def no_curve(monkeypatch):
    """Draw nothing: a curve takes longer than a step, and has tests of its own."""
    monkeypatch.setattr("spectra.study._train.draw_curve", lambda part, rows, **_: part.touch())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("networks")


def test_they_upsample_as_their_labels_say_and_are_alike_else(folder):
    trained = small_networks(folder, task=TASK, steps=1)
    ups = {label: network.model.ups for label, network in trained.items()}
    assert list(ups) == LABELS
    assert all(isinstance(up[1], nn.PixelShuffle) for up in ups["pixel shuffle 1x1"])
    kernels = {
        label: [
            [tuple(m.kernel_size) for m in up.modules() if isinstance(m, nn.ConvTranspose2d)]
            for up in of_network
        ]
        for label, of_network in ups.items()
    }
    assert kernels == {
        "pixel shuffle 1x1": [[], []],
        "transposed 3x3": [[(3, 3)]] * 2,
        "LCTC 11+3": [[(11, 11), (3, 3)]] * 2,
    }
    dense = [m.groups for up in ups.values() for m in up.modules() if hasattr(m, "groups")]
    assert set(dense) == {1}
    rest = [
        {
            name: tuple(value.shape)
            for name, value in network.model.state_dict().items()
            if not name.startswith("ups.")
        }
        for network in trained.values()
    ]
    assert rest[0] == rest[1] == rest[2]


def test_they_are_trained_once(folder):
    small_networks(folder, task=TASK, steps=1)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    told = []
    small_networks(folder, task=TASK, steps=1, progress=lambda *row: told.append(row))
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    assert told == []
    assert after == before
    assert {path.parent.name for path in before} == {"shuffle1-0", "tc3-0", "lctc11-0"}


def test_progress_names_the_network(tmp_path):
    told = []
    small_networks(tmp_path, task=TASK, steps=1, progress=lambda *row: told.append(row))
    assert told == [
        ("training pixel shuffle 1x1", 1, 1),
        ("training transposed 3x3", 1, 1),
        ("training LCTC 11+3", 1, 1),
    ]


def test_networks_of_another_training_are_refused(folder):
    small_networks(folder, task=TASK, steps=1)
    with pytest.raises(ParameterError, match="steps=1"):
        small_networks(folder, task=TASK, steps=2)
