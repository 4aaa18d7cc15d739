"""Models that take several things: each goes where the signature says, and stays whole."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

import spectra
from spectra.errors import InputError, ParameterError
from spectra.inputs import open_inputs
from spectra.load import wanted
from support.whole import small_flat_fields

COUNT, SIDE = 16, 32


@pytest.fixture(scope="module", autouse=True)
def _small_flat_fields():
    with small_flat_fields():
        yield


def smooth(seed, channels=3, side=SIDE, count=COUNT):
    generator = torch.Generator().manual_seed(seed)
    noise = torch.rand(count, channels, side + 4, side + 4, generator=generator)
    return functional.avg_pool2d(noise, 5, stride=1)


class Stereo(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.down = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(8, 1, 4, 2, 1)

    def forward(self, left, right):
        return self.up(torch.cat([self.down(left), self.down(right)], 1))


class Packed(Stereo):
    """The same network, by hand made one of six channels."""

    def forward(self, both):
        return super().forward(both[:, :3], both[:, 3:])


class Noised(nn.Module):
    """Takes a step of time and a map of another type beside the picture."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.down = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.times = nn.Embedding(COUNT, 4)
        self.up = nn.ConvTranspose2d(4, 3, 4, 2, 1)

    def forward(self, image, timestep, mask=None):
        assert timestep.dtype == torch.int64
        assert mask is None or mask.dtype == torch.bool
        features = self.down(image) + self.times(timestep)[:, :, None, None]
        return self.up(functional.gelu(features))


def quick(model, inputs, **options):
    return spectra.analyze(model, inputs, options=spectra.Options(blame=False, **options)).summary


def test_a_pair_of_pictures_is_measured_as_the_same_net_of_six_channels_is():
    left, right = smooth(0), smooth(1)
    pairs = DataLoader(TensorDataset(left, right, torch.zeros(COUNT, 1)), batch_size=5)
    pair = quick(Stereo(), pairs)
    packed = quick(Packed(), torch.cat([left, right], 1))
    assert pair.steps[0].score == packed.steps[0].score
    assert pair.output == packed.output
    assert pair.steps[0].flat_field == packed.steps[0].flat_field


def test_the_first_picture_of_a_pair_is_the_control_row():
    left, right = smooth(0), smooth(1)
    pair = quick(Stereo(), [(left, right)])
    assert pair.inputs.shape == (3, SIDE, SIDE)
    alone = quick(nn.Sequential(Packed().down, nn.ConvTranspose2d(4, 3, 4, 2, 1)), left)
    assert pair.input.score == alone.input.score


def test_values_that_are_no_maps_stay_with_their_sample_in_every_pass():
    model, images, times = Noised(), smooth(0), torch.arange(COUNT).flip(0)
    known = {round(float(image.mean()), 5): int(t) for image, t in zip(images, times, strict=True)}
    met = set()

    def look(_module, _args, kwargs):
        image, timestep = kwargs["image"], kwargs["timestep"]
        for one, t in zip(image, timestep, strict=True):
            mean = round(float(one.mean()), 5)
            if mean in known:  # not a flat field, a shifted scene or a touched picture
                assert known[mean] == int(t)
                met.add(int(t))

    hook = model.register_forward_pre_hook(look, with_kwargs=True)
    quick(model, [{"image": images, "timestep": times, "label": 3}], batch=3)
    hook.remove()
    assert met == set(range(COUNT))


def test_a_map_of_truth_values_is_cropped_with_the_picture_and_keeps_its_type():
    model, kept = Noised(), []
    mask = smooth(0)[:, 0] > 0.5

    def look(_module, _args, kwargs):
        kept.append(kwargs["mask"])

    model.register_forward_pre_hook(look, with_kwargs=True)
    items = [{"image": smooth(0), "timestep": torch.arange(COUNT), "mask": mask}]
    quick(model, items, crop=24)
    assert torch.equal(kept[0], mask[:1, 4:28, 4:28])


@pytest.mark.parametrize(
    ("item", "given"),
    [
        ((1, 2), ["left", "right"]),
        ((1, 2, 3), ["left", "right"]),
        (((1, 2), 3), ["left", "right"]),
        ({"right": 2, "left": 1, "label": 3}, ["left", "right"]),
        ({"right": 2, "image": 1}, ["left", "right"]),
    ],
)
def test_tuples_and_dicts_are_told_apart_by_the_signature(item, given):
    def tensors(part):
        if isinstance(part, dict):
            return {name: tensors(value) for name, value in part.items()}
        return tuple(map(tensors, part)) if isinstance(part, tuple) else smooth(part)

    inputs = open_inputs([tensors(item)], wanted=wanted(Stereo()))
    assert [part.name for part in inputs.parts] == given
    x = next(inputs.batches(2))
    for number, part in enumerate(inputs.parts, start=1):
        assert torch.equal(part.taken_from(x), smooth(number)[:2])


@pytest.mark.parametrize("item", [(1, 2), {"image": 1, "label": 2}, {"input": 1, "target": 2}])
def test_labels_of_a_data_set_are_not_given_to_a_model_of_one_input(item):
    net = nn.Sequential(nn.ConvTranspose2d(3, 3, 2, stride=2))
    values = item.values() if isinstance(item, dict) else item
    tensors = [smooth(seed) for seed in values]
    made = dict(zip(item, tensors, strict=True)) if isinstance(item, dict) else tuple(tensors)
    inputs = open_inputs([made], wanted=wanted(net))
    assert torch.equal(next(inputs.batches(COUNT))[:, :3], smooth(1))


def test_a_sample_whose_parts_have_other_shapes_is_dropped():
    good, odd = (smooth(0), smooth(1)), (smooth(2, side=20), smooth(3, side=20))
    inputs = open_inputs([good, odd], wanted=wanted(Stereo()))
    assert (inputs.used, len(inputs.dropped)) == (COUNT, COUNT)
    assert "left (3x32x32), right (3x32x32)" in inputs.dropped[0].reason


def test_what_a_model_needs_and_is_not_given_is_named_with_what_to_type():
    with pytest.raises(ParameterError, match=r"needs image, timestep.*--call-arg timestep=10"):
        quick(Noised(), smooth(0))
    with pytest.raises(ParameterError, match=r"takes no 'timesteps': did you mean timestep"):
        quick(Noised(), smooth(0), call_args={"timesteps": 1})
    with pytest.raises(InputError, match=r"dict of image, t: .*needs, image, timestep"):
        quick(Noised(), [{"image": smooth(0), "t": torch.arange(COUNT)}])


def test_a_constant_of_one_row_is_repeated_for_each_input_and_recorded():
    one = quick(Noised(), smooth(0), call_args={"timestep": torch.tensor([3])})
    same = quick(Noised(), [{"image": smooth(0), "timestep": torch.full((COUNT,), 3)}])
    assert one.steps[0].score == same.steps[0].score
    assert one.run.options["call_args"] == {"timestep": "tensor (1,)"}


def test_constants_are_read_from_files_that_hold_one_tensor(tmp_path):
    import numpy as np
    from safetensors.torch import save_file

    from spectra.inputs import read_constants

    x = torch.randn(1, 7, 4, generator=torch.Generator().manual_seed(0))
    torch.save(x, tmp_path / "x.pt")
    np.save(tmp_path / "x.npy", x.numpy())
    np.savez(tmp_path / "x.npz", first=x.numpy(), second=x.numpy())
    save_file({"x": x}, tmp_path / "x.safetensors")
    names = ("x.pt", "x.npy", "x.npz?key=second", "x.safetensors")
    read = read_constants({name: str(tmp_path / name) for name in names})
    assert all(torch.equal(value, x) for value in read.values())
    assert read_constants({"a": 3, "b": "a cat"}) == {"a": 3, "b": "a cat"}
    with pytest.raises(InputError, match=r"first \(1, 7, 4\), second .*\?key=NAME"):
        read_constants({"x": str(tmp_path / "x.npz")})


def test_a_file_of_a_constant_that_runs_code_is_refused(tmp_path):
    from spectra.inputs import read_constants

    torch.save(nn.Conv2d(1, 1, 1), tmp_path / "code.pt")
    with pytest.raises(InputError, match=r"needs Python code to open"):
        read_constants({"x": str(tmp_path / "code.pt")})
    with pytest.raises(InputError, match=r"no such file|does not exist|is missing"):
        spectra.analyze(
            Noised(), smooth(0), options=spectra.Options(call_args={"timestep": "absent.npy"})
        )


def test_a_map_of_another_size_stays_beside_and_the_grid_position_is_not_told():
    class Guided(Stereo):
        def forward(self, left, guide):
            return super().forward(left, functional.avg_pool2d(guide, 2))

    summary = quick(Guided(), [(smooth(0), smooth(1, side=2 * SIDE))])
    assert summary.output.grid_dependence_dbc is None
    assert "guide (3x64x64), which does not move" in summary.output.grid_dependence_note
    assert summary.steps[0].score.asr_dbc is not None


def test_bgr_turns_the_channels_round_before_they_are_normalised():
    x = smooth(0)
    turned = open_inputs(x, bgr=True, mean=(0.1, 0.2, 0.3), std=1)
    expected = x.flip(1) - torch.tensor([0.1, 0.2, 0.3]).view(1, 3, 1, 1)
    assert torch.allclose(next(turned.batches(COUNT)), expected)
    assert "channels in the order blue, green, red" in turned.notes
    with pytest.raises(InputError, match=r"bgr=True cannot turn the 4 channels"):
        open_inputs(smooth(0, channels=4), bgr=True)
