"""Parts of a run: the same bits whoever measured them, and files that tell when they are not."""

import os
import random
import zipfile
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from spectra import Options, capture, gather, load
from spectra.errors import InputError, ModelError, ParameterError, SpectraError
from spectra.gather._part_by_part import PartByPart
from spectra.gather._part_files import PartFiles
from spectra.gather._parts import Pass, run_passes, summed
from spectra.gather._plan import RunPlan
from spectra.gather._sums import Sums
from spectra.gather._tree import FAN, Stretch, Tree, is_stretch
from spectra.inputs import Dropped, open_inputs

PLAIN = Options(num=None, blame=False)


def silent(*_):
    """Report no progress."""


def leaf(part):
    """Return sums whose order matters to the last bit: a number of any size, and an array."""
    rng = np.random.default_rng(part)
    value = rng.standard_normal(3) * 10.0 ** rng.integers(-12, 12)
    dropped = [Dropped(f"{part}.png", "constant")] if part % 5 == 3 else []
    return Sums({"step/value": value, "step/count": np.array(1.0)}, {}, dropped)


def slow_sum(start, stop):
    """Return the sum of some parts as the tree is defined: branches of sixteen, each in order."""
    length = 1
    while length * FAN < stop - start:
        length *= FAN
    if stop - start == 1:
        return leaf(start)
    total = slow_sum(start, min(start + length, stop))
    for begin in range(start + length, stop, length):
        total.add(slow_sum(begin, min(begin + length, stop)))
    return total


def same(one, other):
    """Tell whether sums have equal bits, and name the same inputs."""
    equal = all(
        np.array_equal(values.view(np.int64), other.added[name].view(np.int64))
        for name, values in one.added.items()
    )
    return equal and one.added.keys() == other.added.keys() and one.dropped == other.dropped


@pytest.mark.parametrize("parts", [1, 2, 15, 16, 17, 33, 256, 257, 300])
def test_parts_add_up_in_one_tree_whichever_stretches_were_added_before(parts):
    expected = slow_sum(0, parts)
    assert expected.added["step/count"] == parts
    chance = random.Random(parts)
    for _ in range(3):
        tree = Tree()
        while (at := tree.stop) < parts:
            ends = [end for end in range(at + 1, parts + 1) if is_stretch(at, end)]
            end = chance.choice(ends)
            tree.push(Stretch(at, end, slow_sum(at, end)))
        assert same(tree.total(), expected)


def test_a_tree_of_a_million_inputs_holds_few_sums():
    class Count:
        def add(self, later):
            pass

    tree, most = Tree(), 0
    for part in range(10**6 // 64):
        tree.push(Stretch(part, part + 1, Count()))
        most = max(most, len(tree.held))
    assert most <= 4


def plan_of(parts, **options):
    """Return a plan of so many parts, without a run."""
    return RunPlan({"options": options}, parts * 64)


def begun(folder, parts=40, plan=None, **options):
    files = PartFiles(folder, every=0, **options)
    files.begin(plan or plan_of(parts, seed=0))
    return files


def counted(calls, parts=40):
    def measure(part):
        calls.append(part)
        return leaf(part)

    return Pass("pass", parts, measure)


def test_a_run_that_is_broken_off_goes_on_from_its_last_finished_part(tmp_path):
    calls, said = [], []

    def measure(part):
        if part == 37 and not said:
            raise KeyboardInterrupt
        calls.append(part)
        return leaf(part)

    one = Pass("pass", 40, measure)
    with pytest.raises(KeyboardInterrupt):
        summed(one, begun(tmp_path / "o.parts"))
    assert len(list((tmp_path / "o.parts").iterdir())) == 3  # the plan, and two stretches
    said.append("begin")
    total = summed(one, begun(tmp_path / "o.parts", say=said.append))
    assert calls == list(range(40))  # none twice
    assert same(total, slow_sum(0, 40))
    assert said[1:] == [f"goes on with the finished parts in {tmp_path / 'o.parts'}"]


@pytest.mark.parametrize("seed", range(3))
def test_shards_in_any_order_give_the_bits_of_one_run(tmp_path, seed):
    order = list(range(40))
    random.Random(seed).shuffle(order)
    calls = []
    for part in order:  # each in a process of its own, as far as files tell
        passes = iter_passes(counted(calls))
        PartByPart(passes, begun(tmp_path), inputs=40 * 64, trial=None).measure(part)
    assert sorted(calls) == list(range(40))
    assert len(list(tmp_path.iterdir())) == 1 + 2 + 8  # two branches, and what begins a third
    assert same(summed(counted(calls), begun(tmp_path, only=True)), slow_sum(0, 40))
    assert len(calls) == 40


def iter_passes(one):
    """Yield a pass as a run does, and end with the sums over it."""
    return (yield one)


def test_a_stretch_that_is_folded_while_it_is_read_is_read_as_the_longer_one(tmp_path):
    files = begun(tmp_path, 40)
    for part in range(40):
        files.keep("pass", [Stretch(part, part + 1, leaf(part))])
    find, calls = files.find, []

    def folded_meanwhile(name, start, parts):
        if start == 5 and not calls:
            calls.append(start)
            begun(tmp_path).fold("pass", 3)
        return find(name, start, parts)

    files.find = folded_meanwhile
    assert same(summed(counted([]), replace_only(files)), slow_sum(0, 40))


def replace_only(files):
    files.only = True
    return files


def test_missing_parts_are_named(tmp_path):
    files = begun(tmp_path, 40)
    for part in range(0, 40, 2):
        files.keep("pass", [Stretch(part, part + 1, leaf(part))])
    with pytest.raises(InputError, match=r"20 of 40 parts are missing: pass-000001, .* and 17 mo"):
        summed(counted([]), begun(tmp_path, only=True))


def written(folder, part=0):
    begun(folder).keep("pass", [Stretch(part, part + 1, leaf(part))])
    return folder / f"pass-{part:06d}-{part + 1:06d}.npz"


def read_or_refused(file):
    """Return the sums in a file; None where it is said to be damaged."""
    with suppress(InputError):
        return Sums.read(file)[0]
    return None


def test_a_damaged_file_is_named_and_measured_anew_only_by_a_run(tmp_path):
    chance, file = random.Random(0), written(tmp_path)
    whole = file.read_bytes()
    for _ in range(200):
        data = bytearray(whole)
        where = chance.randrange(len(data))
        data[where] ^= 1 << chance.randrange(8)
        file.write_bytes(data[: chance.choice([len(data), where])])
        found = read_or_refused(file)
        assert found is None or same(found, leaf(0))  # times and flags of the archive do no harm
    file.write_bytes(whole[:-30])
    with pytest.raises(
        InputError, match=r"is damaged .*: remove it, and run the same shards again"
    ):
        summed(counted([], 1), begun(tmp_path, 40, only=True))
    calls, said = [], []
    total = summed(counted(calls), begun(tmp_path, say=said.append))
    assert calls == list(range(40))
    assert same(total, slow_sum(0, 40))
    assert "set aside as pass-000000-000001.npz.bad" in said[0]
    assert file.with_name(f"{file.name}.bad").read_bytes() == whole[:-30]


def test_a_file_of_another_run_or_of_other_parts_is_refused(tmp_path):
    foreign = written(tmp_path / "a", 0)
    begun(tmp_path / "b", plan=plan_of(40, seed=1)).write_plan()
    (tmp_path / "b" / foreign.name).write_bytes(foreign.read_bytes())
    with pytest.raises(InputError, match="is of another run"):
        summed(counted([]), begun(tmp_path / "b", plan=plan_of(40, seed=1), only=True))
    foreign.rename(foreign.with_name("pass-000001-000002.npz"))
    with pytest.raises(
        InputError, match=r"000001-000002\.npz is of another run, or not of the part"
    ):
        begun(tmp_path / "a").load("pass", 1, 2)


def test_parts_of_another_plan_are_refused_and_the_option_is_named(tmp_path):
    begun(tmp_path, plan=plan_of(40, seed=1, crop=32)).write_plan()
    with pytest.raises(ParameterError, match="another run: crop 32 there, 64 here; give the same"):
        begun(tmp_path, plan=plan_of(40, seed=1, crop=64))


def test_parts_are_added_on_another_device_but_not_measured_there(tmp_path):
    def on(device):
        plan = plan_of(2, seed=0)
        return replace(plan, fields={**plan.fields, "device": device, "threads": 4})

    there = begun(tmp_path, plan=on("cuda"))
    for part in range(2):
        there.keep("pass", [Stretch(part, part + 1, leaf(part))])
    total = summed(counted([], 2), begun(tmp_path, plan=on("cpu"), only=True))
    assert same(total, slow_sum(0, 2))
    with pytest.raises(ParameterError, match="device 'cuda' there, 'cpu' here"):
        begun(tmp_path, plan=on("cpu"))


@pytest.mark.parametrize(
    "swell",
    [
        lambda path: path.write_bytes(b"PK\5\6" + bytes(18)),
        lambda path: _zip(path, b"\x93NUMPY\1\0v\0" + b"{'descr':'<f8','shape':(1<<50,)}"),
        lambda path: _zip(path, bytes(1 << 24), zipfile.ZIP_DEFLATED),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("version https://git-lfs.github.com/spec/v1"),
    ],
)
def test_no_file_is_taken_for_sums_that_it_cannot_hold(tmp_path, swell):
    swell(tmp_path / "pass-000000-000001.npz")
    with pytest.raises(InputError, match="is damaged"):
        Sums.read(tmp_path / "pass-000000-000001.npz")


def _zip(path, data, packed=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", packed) as archive:
        archive.writestr("header", data)


@pytest.mark.skipif(os.name != "posix", reason="limits are set by POSIX")
def test_a_full_disk_is_one_clear_line_and_whole_parts_stay(tmp_path):
    import resource

    first = written(tmp_path)
    whole, limits = first.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (512, limits[1]))
    try:
        with pytest.raises(SpectraError, match=r"cannot be written: .*; finished parts are kept"):
            written(tmp_path, 7)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert first.read_bytes() == whole
    assert sorted(p.name for p in tmp_path.iterdir()) == [first.name, "plan.json"]


def test_only_what_was_written_is_removed(tmp_path):
    files = begun(tmp_path / "o.parts")
    written(tmp_path / "o.parts")
    (tmp_path / "o.parts" / ".pass-000000-000001.npz.0123abcd.new").write_text("half")
    (tmp_path / "o.parts" / "mine.txt").write_text("mine")
    files.clear()
    assert [p.name for p in (tmp_path / "o.parts").iterdir()] == ["mine.txt"]
    (tmp_path / "o.parts" / "mine.txt").unlink()
    files.clear()
    assert not (tmp_path / "o.parts").exists()


class Decoder(nn.Module):
    """A step over bars that all maps share, and noise that a model draws."""

    def __init__(self, *, noise=0.0, bars=0.0):
        super().__init__()
        torch.manual_seed(0)
        self.up = nn.ConvTranspose2d(3, 3, 3, stride=2, padding=1, output_padding=1)
        fixed = torch.rand(1, 3, 48, 48)
        self.register_buffer("bars", bars * fixed)
        self.noise = noise

    def forward(self, x):
        return self.up(x) + self.bars + self.noise * torch.randn(len(x), 1, 1, 1)


def pictures(count=130):
    return torch.rand(count, 3, 24, 24, generator=torch.Generator().manual_seed(1))


def passed(model, inputs, files=None, options=PLAIN):
    """Return what inputs left, from files where they are given."""
    model.eval()
    loaded, inputs = load.load_model(model), open_inputs(inputs, num=None)
    with capture.quiet(model, seed=0):
        found = capture.find_steps(
            model, capture.example_input(model, inputs), options, progress=silent
        )
        if files is not None:
            found = gather.settle(model, found, inputs, options)
            files.begin(gather.plan_run(loaded, found, inputs, options, threads=1))
        if callable(files):
            return files(model, found, inputs)
        one = gather.run(model, found, inputs, options, progress=silent, files=files)
        return gather.without_fixed_content(
            model, one, inputs, options, progress=silent, files=files
        )


def equal(one, other):
    """Tell whether two runs left equal bits everywhere."""
    places = zip(_places(one), _places(other), strict=True)
    return (
        all(a.data.identical(b.data) and _alike(a.whole, b.whole) for a, b in places)
        and torch.equal(one.level, other.level)
        and torch.equal(one.few.inputs, other.few.inputs)
        and torch.equal(one.few.outputs, other.few.outputs)
        and (one.output_rms, one.few.shown, one.ran) == (other.output_rms, 32, other.ran)
    )


def _places(found):
    return (*found.steps, found.output, found.input)


def _alike(one, other):
    return one is other if one is None or other is None else one.identical(other)


def test_every_place_has_the_bits_of_one_run_whoever_measured_its_parts(tmp_path):
    model = Decoder(noise=0.1, bars=3.0)
    whole = passed(model, pictures())
    assert whole.output.whole is not None  # its maps share content: inputs run thrice more

    class Shards(PartFiles):
        def __call__(self, net, found, inputs):
            for index in (2, 1, 0) * 4:
                passes = gather.all_passes(net, found, inputs, PLAIN, progress=silent)
                parts = PartByPart(passes, self, inputs=len(inputs), trial=None)
                gather.measure_share(parts, gather.Share(index, 3), progress=silent)
            return parts.current

    assert passed(model, pictures(), Shards(tmp_path / "o.parts", every=0)) is None
    again = passed(model, pictures(), PartFiles(tmp_path / "o.parts", only=True))
    assert equal(again, whole)


def test_a_layer_that_is_shown_is_in_the_parts(tmp_path):
    model, options = Decoder(), replace(PLAIN, layers=("up",))
    whole = passed(model, pictures(65), options=options)
    passed(model, pictures(65), PartFiles(tmp_path, every=0), options)
    again = passed(model, pictures(65), PartFiles(tmp_path, only=True), options)
    assert again.layers["up"].data.identical(whole.layers["up"].data)


def test_other_weights_are_another_plan(tmp_path):
    passed(Decoder(), pictures(65), PartFiles(tmp_path, every=0))
    other = Decoder()
    other.up.weight.data[0, 0, 0, 0] += 1e-6
    with pytest.raises(ParameterError, match="holds parts of another run: other weights"):
        passed(other, pictures(65), PartFiles(tmp_path))
    with pytest.raises(ParameterError, match="other content of the inputs"):
        passed(Decoder(), pictures(65) * 0.5, PartFiles(tmp_path))


def test_a_model_that_takes_one_input_at_a_time_is_settled_before_the_first_part():
    class Single(Decoder):
        def forward(self, x):
            if len(x) > 1:
                raise ValueError("one at a time")
            return super().forward(x)

    model, inputs = Single().eval(), open_inputs(pictures(65), num=None)
    with capture.quiet(model):
        example = capture.example_input(model, inputs)
        found = capture.find_steps(model, example, PLAIN, progress=silent)
        assert gather.settle(model, found, inputs, PLAIN).reading.alone
        asked = replace(PLAIN, batch=8)
        with pytest.raises(ModelError, match="one at a time"):
            gather.settle(model, found, inputs, asked)


def test_run_passes_tells_a_pass_that_the_model_failed():
    def passes():
        try:
            yield Pass("pass", 1, leaf)
        except ModelError as error:
            return f"did without: {error}"

    def fails(_):
        raise ModelError("no")

    assert run_passes(passes(), fails) == "did without: no"
