"""What scripts of networks are asked: which networks, which pictures, which part of one."""

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from spectra.errors import InputError, LoadError, ParameterError


@pytest.fixture
def ask(script):
    asked = script("_asked")
    parser = asked.parser("Draw.", out="x.png")
    return asked, lambda *options: parser.parse_args([*map(str, options)])


def test_options_before_all_models_are_of_all_and_others_of_the_one_before(models, network_files):
    kinds = [[type(up).__name__ for up in model.ups] for model in models.values()]
    assert list(models) == ["shuffle", "LCTC"]
    assert kinds == [["Sequential"] * 2, ["LCTC"] * 2]
    for label, model in models.items():
        weights = load_file(network_files[label])
        assert all(torch.equal(v, weights[name]) for name, v in model.state_dict().items())
        assert not model.training


def test_a_models_own_option_stands_over_that_of_all(ask, network_files):
    asked, parse = ask
    options = ("--arch", "spectra.models:nafnet_small", "--arch-arg", "upsampler=tc3")
    own = ("--arch-arg", "upsampler=lctc7+3", "--arch-arg", "grouped=False")
    found = asked.networks(parse(*options, "--model", f"a={network_files['LCTC']}", *own))
    assert type(found["a"].ups[0]).__name__ == "LCTC"
    with pytest.raises(LoadError):
        asked.networks(parse(*options, "--model", f"a={network_files['LCTC']}"))


def test_two_models_of_one_label_are_refused(ask):
    asked, parse = ask
    twice = ("--model", "a=spectra.models:nafnet_small") * 2
    with pytest.raises(ParameterError, match="one label"):
        asked.networks(parse(*twice))


def test_a_model_without_a_label_is_refused(ask, capsys):
    with pytest.raises(SystemExit) as caught:
        ask[1]("--model", "weights.pth")
    assert caught.value.code == 2
    assert "expected LABEL=WEIGHTS" in capsys.readouterr().err


def test_without_a_model_the_small_networks_are_trained_so_long(ask, monkeypatch, tmp_path):
    asked, parse = ask
    given = {}

    def small_networks(folder, *, steps, progress):
        given.update(folder=folder, steps=steps)
        return {}

    monkeypatch.setattr(asked, "small_networks", small_networks)
    assert asked.networks(parse("--networks", tmp_path, "--steps", 7)) == {}
    assert given == {"folder": tmp_path, "steps": 7}


@pytest.fixture
def folders(tmp_path, rng):
    """Return folders of two inputs and their targets, and what their files hold in 0..1."""
    held = {}
    for kind in ("inputs", "targets"):
        (tmp_path / kind).mkdir()
        for name in ("a", "b"):
            levels = rng.integers(0, 256, (32, 40, 3), dtype=np.uint8)
            Image.fromarray(levels).save(tmp_path / kind / f"{name}.png")
            held[kind, name] = torch.from_numpy(np.moveaxis(levels / np.float32(255), -1, 0))
    return tmp_path, held


def test_pictures_and_targets_of_ones_own_are_those_of_the_files(ask, folders):
    (asked, parse), (folder, held) = ask, folders
    options = ("--images", folder / "inputs", "--targets", folder / "targets", "--picture", "b")
    found = asked.pictures(parse(*options), torch.nn.Identity())
    assert [picture.name for picture in found] == ["b", "a"]
    for picture in found:
        left = (40 - picture.input.shape[-1]) // 2
        part = np.s_[..., left : left + picture.input.shape[-1]]
        torch.testing.assert_close(picture.input, held["inputs", picture.name][part])
        torch.testing.assert_close(picture.target, held["targets", picture.name][part])


def test_pictures_may_have_no_targets(ask, folders):
    asked, parse = ask
    found = asked.pictures(parse("--images", folders[0] / "inputs"), torch.nn.Identity())
    assert [picture.target for picture in found] == [None, None]


def test_a_picture_that_is_none_of_them_and_targets_alone_are_refused(ask):
    asked, parse = ask
    with pytest.raises(ParameterError, match="chelsea"):
        asked.pictures(parse("--picture", "chelsee"), torch.nn.Identity())
    with pytest.raises(ParameterError, match="--images"):
        asked.pictures(parse("--targets", "sharp"), torch.nn.Identity())


def test_a_crop_is_the_middle(ask):
    asked, parse = ask
    whole = asked.pictures(parse(), torch.nn.Identity())[0]
    height, width = whole.input.shape[-2:]
    part = asked.pictures(parse("--crop", 100, "--num", 1), torch.nn.Identity())
    top, left = (height - 100) // 2, (width - 100) // 2
    middle = np.s_[:, top : top + 100, left : left + 100]
    assert len(part) == 1
    assert torch.equal(part[0].input, whole.input[middle])
    assert torch.equal(part[0].target, whole.target[middle])
    with pytest.raises(InputError, match="416x288"):
        asked.pictures(parse("--crop", 300), torch.nn.Identity())


@pytest.mark.parametrize("text", ["1,2", "1,2,x", "1,2,3,4", "-1,2,3", "1,2,0"])
def test_what_is_no_box_is_refused(script, text):
    with pytest.raises(ParameterError, match="--box"):
        script("_panels").Box.parse(text)


def test_what_cannot_be_drawn_is_said_in_one_line(ask, tmp_path):
    asked, parse = ask

    def draw():
        raise ParameterError("box=3: expected a square")

    with pytest.raises(SystemExit) as caught:
        asked.write(draw, parse("--out", tmp_path / "new" / "x.png"))
    assert caught.value.code == "spectra: box=3: expected a square"
    assert not (tmp_path / "new").exists()
