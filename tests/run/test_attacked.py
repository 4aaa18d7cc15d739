"""Attacked inputs are analysed as if they had been given, and what changed is measured."""

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio
from torch import nn

import spectra
from spectra import Options, inputs
from spectra.attack import AttackSpec, attack
from spectra.errors import InputError, ModelError, ParameterError
from spectra.report import Result
from support.whole import small_flat_fields

SPEC = "pgd:eps=0.05,alpha=0.02,steps=2"
RANGE = "0..1"


def upsampler(channels=3, classes=3):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(channels, 4, 3, padding=1), nn.Tanh(), nn.ConvTranspose2d(4, classes, 3, 2, 1, 1)
    ).eval()


def pictures(count=16, side=32):
    generator = torch.Generator().manual_seed(1)
    return 0.2 + 0.6 * torch.rand(count, 3, side, side, generator=generator)


def attacked(model, x, spec=SPEC, **options):
    given = {"range": RANGE, "blame": False, "attack": spec, **options}
    return spectra.analyze(model, x, options=Options(**given))


def by_hand(model, x, target, spec=SPEC):
    """Return the inputs that the attack ends with, each attacked by itself."""
    each = AttackSpec.parse(spec)
    return torch.cat(
        [attack(model, x[i : i + 1], target[i : i + 1], each, first=i) for i in range(len(x))]
    )


@pytest.fixture(scope="module", autouse=True)
def flat_fields_are_small():
    with small_flat_fields():
        yield


@pytest.fixture(scope="module")
def made():
    model, x = upsampler(), pictures()
    return model, x, attacked(model, x)


@pytest.fixture(scope="module")
def changed(made):
    """The inputs as the attack leaves them, found without an analysis."""
    model, x, _ = made
    with torch.no_grad():
        return by_hand(model, x, model(x))


def test_the_attacked_output_is_scored_as_if_its_inputs_had_been_given(made, changed):
    model, _, result = made
    row = result.summary.attack
    alone = spectra.analyze(model, changed, options=Options(range=RANGE, blame=False)).summary
    assert row.output.asr_dbc == pytest.approx(alone.output.score.asr_dbc, abs=1e-3)
    assert row.output.verdict == alone.output.score.verdict
    assert row.severity.word == alone.severity.word
    assert [step.score.asr_dbc for step in row.steps] == pytest.approx(
        [step.score.asr_dbc for step in alone.steps], abs=1e-3
    )
    difference = row.output.asr_dbc - result.summary.output.score.asr_dbc
    assert row.locked_change.db == pytest.approx(difference, abs=1e-9)


class Skipped(nn.Module):
    """A down and up again so faint that the output is the input but for a hundredth of it."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.down, self.up = nn.Conv2d(3, 3, 2, stride=2), nn.ConvTranspose2d(3, 3, 2, stride=2)

    def forward(self, x):
        return x + 0.01 * self.up(self.down(x))


def test_a_grid_that_the_attack_puts_into_the_inputs_is_no_excuse_of_the_output(monkeypatch):
    """The attack ends with a board of 5 % on each input, which the model passes on as it is."""
    board = 0.05 * (-1.0) ** torch.arange(32)[:, None] * (-1.0) ** torch.arange(32)

    def boarded(model, found, inputs, x, **_):
        return x + board

    monkeypatch.setattr("spectra.attack._inputs.attack_batch", boarded)
    result = attacked(Skipped().eval(), pictures())
    row, clean = result.summary.attack, result.summary
    assert clean.input.score.verdict == "none"
    assert (row.input.verdict, row.output.verdict) == ("present", "present")
    assert row.inherited == ()
    share = float(board.square().mean() / pictures().var((2, 3), correction=0).mean())
    assert row.output.line_dbc == pytest.approx(10 * np.log10(share), abs=1)
    assert "the attack puts a grid into the inputs themselves" in clean.answer["attack"]


def test_how_far_the_output_moves_is_what_other_code_says(made, changed):
    model, x, result = made
    row = result.summary.attack
    with torch.no_grad():
        before, after = model(x), model(changed)
    d, about = (after - before).double(), before.double()
    about = about - about.mean((2, 3), keepdim=True)
    expected = 10 * torch.log10(d.square().mean() / about.square().mean())
    assert row.change_dbc == pytest.approx(float(expected), abs=1e-3)
    pairs = zip(before.numpy(), after.numpy(), strict=True)
    psnr = np.mean([peak_signal_noise_ratio(a, b, data_range=1) for a, b in pairs])
    assert row.psnr_to_clean_db == pytest.approx(psnr, abs=1e-3)
    assert row.input_largest == pytest.approx(float((changed - x).abs().max()), abs=1e-6)
    rms = (changed - x).double().square().mean().sqrt()
    assert row.input_rms == pytest.approx(float(rms), rel=1e-4)


def test_of_a_linear_model_the_change_is_scored_as_the_output_of_the_change_of_its_inputs():
    torch.manual_seed(0)
    model, x = nn.ConvTranspose2d(3, 3, 3, 2, 1, 1, bias=False).eval(), pictures()
    row = attacked(model, x).summary.attack
    with torch.no_grad():
        moved = by_hand(model, x, model(x)) - x
    alone = spectra.analyze(model, moved, options=Options(blame=False)).summary.output.score
    assert row.change.asr_dbc == pytest.approx(alone.asr_dbc, abs=0.05)
    assert row.change.verdict == alone.verdict == "present"


def test_what_is_said_of_an_attack_stands_in_the_answer_and_in_the_report(made, tmp_path):
    _, _, result = made
    said = result.summary.answer["attack"]
    assert said.startswith("under pgd:eps=0.05,alpha=0.02,steps=2,loss=l1 locked energy ")
    assert "; away from the model's own clean output" in said
    assert "Attack" in result.text()
    result.save(tmp_path / "out", formats=("json", "nc", "html"))
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Under attack" in page
    assert "What does an attack do?" in page
    read = Result.read(tmp_path / "out")
    assert read.summary.attack == result.summary.attack
    groups = {f"/attacked/{name}" for name in ("output", "change", "steps/0", "pictures")}
    assert groups <= set(read.data.groups)
    drawn = read.draw("attack")
    assert "attacked by pgd:eps=0.05" in drawn.caption("attack")
    titles = [ax.get_title().partition("\n")[0] for ax in drawn["attack"].axes[:5]]
    spectra_of = [f"spectrum, {name}" for name in ("clean", "attacked", "change")]
    assert titles == ["clean", "attacked", *spectra_of]


def test_the_figure_shows_the_picture_of_most_contrast_in_its_own_range(made):
    model, x, result = made
    figure = result.draw(["attack"])["attack"]
    with torch.no_grad():
        outputs = model(x)
    most = outputs[outputs.flatten(1).var(1).argmax()].numpy().transpose(1, 2, 0)
    shown = figure.axes[0].images[0].get_array()
    np.testing.assert_allclose(shown, np.clip(most, 0, 1), atol=1e-5)


def test_results_stand_under_one_another_in_one_scale(made):
    _, _, result = made
    figure = result.draw("attack", beside=[result], labels=["a", "b"])["attack"]
    assert len(figure.axes) == 2 * 5 + 1
    assert [figure.axes[i].get_ylabel() for i in (0, 5)] == ["a", "b"]
    spectral = [ax for ax in figure.axes[:10] if ax.get_title().startswith("spectrum")]
    assert len(spectral) == 6
    assert len({ax.images[0].get_clim() for ax in spectral}) == 1


def test_a_result_without_an_attack_has_neither_figure_nor_sentence():
    result = spectra.analyze(upsampler(), pictures(), options=Options(blame=False))
    assert "attack" not in result.summary.answer
    with pytest.raises(ParameterError, match="run spectra analyze with --attack pgd"):
        result.draw("attack")


@pytest.fixture
def folders(tmp_path, rng):
    """Pictures, and targets of twice their size under the same names."""
    for name, scale in (("in", 1), ("wanted", 2)):
        (tmp_path / name).mkdir()
        for i in range(3):
            pixels = rng.integers(0, 256, (44 * scale, 52 * scale, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{i}.png")
    return tmp_path / "in", tmp_path / "wanted"


def test_targets_are_cut_as_their_inputs_are_at_the_size_of_the_output(folders):
    opened = inputs.open_inputs(folders[0])
    targets = inputs.open_targets(folders[1], opened, shape=(3, 80, 96))
    assert opened.shape == (3, 40, 48)
    (batch,) = targets.batches(8)
    for i in range(3):
        whole = np.asarray(Image.open(folders[1] / f"{i}.png"), np.float64) / 255
        part = whole[4:84, 4:100].transpose(2, 0, 1)
        np.testing.assert_allclose(batch[i].numpy(), part, atol=1e-6)


def test_outputs_are_driven_away_from_targets_and_judged_against_them(folders):
    model = upsampler()
    result = attacked(model, str(folders[0]), targets=str(folders[1]), range=None)
    row = result.summary.attack
    opened = inputs.open_inputs(folders[0])
    x = torch.stack(list(opened.samples()))
    wanted = torch.stack(list(inputs.open_targets(folders[1], opened, shape=(3, 80, 96)).samples()))
    with torch.no_grad():
        outputs = {
            "clean": model(x),
            "attacked": model(by_hand(model, x, wanted)),
        }
    for name, told in (("clean", row.psnr_clean_db), ("attacked", row.psnr_attacked_db)):
        pairs = zip(wanted.numpy(), outputs[name].numpy(), strict=True)
        psnr = np.mean([peak_signal_noise_ratio(a, b, data_range=1) for a, b in pairs])
        assert told == pytest.approx(psnr, abs=1e-3)
    assert row.psnr_attacked_db < row.psnr_clean_db
    assert row.targets == str(folders[1])
    assert "PSNR against the targets" in result.summary.answer["attack"]


def test_classes_are_judged_by_the_share_of_pixels_that_keep_theirs(tmp_path):
    model, x = upsampler(classes=5), pictures(4)
    generator = torch.Generator().manual_seed(3)
    labels = torch.randint(5, (4, 1, 64, 64), generator=generator)
    labels[:, :, :8] = 255
    np.save(tmp_path / "labels.npy", labels.numpy().astype(np.float32))
    np.save(tmp_path / "x.npy", x.numpy())
    spec = f"{SPEC.replace('pgd', 'segpgd')},loss=cross_entropy"
    wanted = str(tmp_path / "labels.npy")
    row = attacked(model, str(tmp_path / "x.npy"), spec, targets=wanted).summary.attack
    with torch.no_grad():
        before = model(x).argmax(1)
        after = model(by_hand(model, x, labels[:, 0], spec)).argmax(1)
    known = labels[:, 0] != 255
    same = float((before == after)[known].double().mean())
    assert row.same_class == pytest.approx(same, abs=1e-3)
    assert row.right_clean == float((before == labels[:, 0])[known].double().mean())
    right = float((after == labels[:, 0])[known].double().mean())
    assert row.right_attacked == pytest.approx(right, abs=1e-3)
    assert row.right_attacked < row.right_clean


def test_label_pictures_are_read_by_their_palette_and_not_by_its_colours(tmp_path, rng):
    for name in ("in", "labels"):
        (tmp_path / name).mkdir()
    Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(tmp_path / "in/a.jpg")
    numbers = rng.integers(0, 21, (32, 32), dtype=np.uint8)
    numbers[0] = 255
    picture = Image.fromarray(numbers, mode=None).convert("L")
    palette = Image.frombytes("P", (32, 32), picture.tobytes())
    palette.putpalette(rng.integers(0, 256, 768, dtype=np.uint8).tobytes())
    palette.save(tmp_path / "labels/a.png")
    opened = inputs.open_inputs(tmp_path / "in")
    targets = inputs.open_targets(tmp_path / "labels", opened, shape=(21, 32, 32), labels=True)
    (batch,) = targets.batches(1)
    assert torch.equal(batch[0], torch.from_numpy(numbers.astype(np.int64)))


def test_what_an_attack_cannot_do_is_said():
    latents = torch.randn(16, 3, 24, 24, generator=torch.Generator().manual_seed(0))
    spec = f"{SPEC.replace('pgd', 'cospgd')},psi=channels"
    result = attacked(upsampler(classes=1), latents, spec, range=None)
    assert not result.summary.attack.bounded
    said = result.summary.answer["attack"]
    assert "as their range is not known (--range)" in said
    assert "so that this is PGD" in said


class InPlace(nn.Module):
    """Writes into its input, as some preprocessing does."""

    def __init__(self, *, in_place):
        super().__init__()
        self.up, self.in_place = upsampler(), in_place

    def forward(self, x):
        return self.up(x.mul_(2).sub_(1) if self.in_place else x * 2 - 1)


def test_a_model_that_writes_into_its_input_is_attacked_like_its_twin_that_does_not():
    rows = [
        attacked(InPlace(in_place=in_place), pictures(), "pgd:eps=0.05,steps=1").summary.attack
        for in_place in (True, False)
    ]
    assert rows[0].input_largest == rows[1].input_largest == pytest.approx(0.05, abs=1e-6)
    assert rows[0].change_dbc == pytest.approx(rows[1].change_dbc, abs=1e-4)
    assert rows[0].output.asr_dbc == pytest.approx(rows[1].output.asr_dbc, abs=1e-4)


def test_an_attack_that_would_move_nothing_is_refused(tmp_path):
    class Rounding(nn.Module):
        def __init__(self):
            super().__init__()
            self.up = upsampler()

        def forward(self, x):
            return self.up(torch.round(255 * x) / 255)

    with pytest.raises(ModelError, match="no gradient comes through"):
        attacked(Rounding(), pictures())
    with pytest.raises(ParameterError, match="expected start=random, or targets"):
        attacked(upsampler(), pictures(), "fgsm:eps=0.05")
    with pytest.raises(ParameterError, match="expected targets beside it"):
        attacked(upsampler(), pictures(), f"{SPEC},targeted=true")
    x = pictures(4)
    np.save(tmp_path / "x.npy", x.numpy())
    segpgd = f"{SPEC.replace('pgd', 'segpgd')}"
    for values, spec, said in (
        (torch.full((4, 1, 64, 64), 255.0), segpgd, "are all 255"),
        (torch.full((4, 1, 64, 64), 7.0), segpgd, "expected 0 to 4"),
        (torch.full((4, 5, 64, 64), torch.nan), SPEC, "hold NaN"),
    ):
        np.save(tmp_path / "wanted.npy", values.numpy())
        with pytest.raises(InputError, match=said):
            attacked(
                upsampler(classes=5),
                str(tmp_path / "x.npy"),
                spec,
                targets=str(tmp_path / "wanted.npy"),
            )


def test_targets_of_one_name_in_several_folders_are_refused(folders, tmp_path):
    (tmp_path / "more").mkdir()
    (folders[1] / "0.png").rename(tmp_path / "more" / "1.png")
    opened = inputs.open_inputs(folders[0])
    with pytest.raises(InputError, match=r"several pictures named 1\.png"):
        inputs.open_targets(f"{tmp_path}/[mw]*/*.png", opened, shape=(3, 80, 96))


def test_what_cannot_be_attacked_is_told(folders, tmp_path):
    model, x = upsampler(), pictures(4)
    with pytest.raises(ParameterError, match="without an attack"):
        attacked(model, x, None, targets="somewhere")
    with pytest.raises(ParameterError, match="without inputs"):
        attacked(upsampler(), None)
    with pytest.raises(ParameterError, match="did you mean pgd"):
        attacked(model, x, "pdg")
    with pytest.raises(InputError, match="a file of arrays"):
        attacked(model, x, targets=str(folders[1]))
    (folders[1] / "1.png").rename(folders[1] / "one.png")
    with pytest.raises(InputError, match=r"no picture named as 1 of 3 inputs: 1\.png; it has"):
        attacked(model, str(folders[0]), range=None, targets=str(folders[1]))
    Image.new("RGB", (90, 80)).save(folders[1] / "1.png")
    with pytest.raises(InputError, match="is 80x90: expected 88x104, 2 times the size"):
        attacked(model, str(folders[0]), range=None, targets=str(folders[1]))

    class Rounded(nn.Module):
        def __init__(self):
            super().__init__()
            self.up = upsampler()

        def forward(self, x):
            with torch.no_grad():
                return self.up(x)

    with pytest.raises(ModelError, match="no gradient comes through"):
        attacked(Rounded(), x)


class Guided(nn.Module):
    """Enlarges a picture by a guide of the same size, and a number that is no map."""

    def __init__(self):
        super().__init__()
        self.up = upsampler(channels=4)

    def forward(self, x, guide, t):
        return self.up(torch.cat([x, guide], 1)) * t.view(-1, 1, 1, 1)


class Held(nn.Module):
    """The same with one guide and one number, so that it takes a picture alone."""

    def __init__(self, net, guide, t):
        super().__init__()
        self.net, self.guide, self.t = net, guide, t

    def forward(self, x):
        return self.net(x, self.guide, self.t)


def test_of_several_inputs_the_first_map_is_attacked_and_the_others_stay():
    model, x = Guided().eval(), pictures()
    guide, t = torch.rand(len(x), 1, 32, 32), torch.linspace(0.5, 1.5, len(x))

    def items(x):
        each = zip(x.split(1), guide.split(1), t.split(1), strict=True)
        return [{"x": a, "guide": b, "t": c} for a, b, c in each]

    row = attacked(model, items(x), range=None).summary.attack
    held = [Held(model, guide[i : i + 1], t[i : i + 1]) for i in range(len(x))]
    spec = AttackSpec.parse(SPEC)
    changed = torch.cat(
        [
            attack(net, x[i : i + 1], net(x[i : i + 1]).detach(), spec, bounds=None, first=i)
            for i, net in enumerate(held)
        ]
    )
    moved = changed - x
    assert row.input_rms == pytest.approx(float(moved.square().mean()) ** 0.5, rel=1e-5)
    assert row.input_largest == pytest.approx(0.05, rel=1e-5)
    assert (row.moved, row.kept) == ("x", ("guide", "t"))
    assert row.output.asr_dbc is not None
    alone = spectra.analyze(model, items(changed), options=Options(blame=False)).summary
    assert row.output.asr_dbc == pytest.approx(alone.output.score.asr_dbc, abs=1e-3)
