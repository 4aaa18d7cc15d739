"""Inputs that are left out are never read, and keep their numbers."""

import torch

from spectra.gather import PartFiles
from spectra.inputs import Reader, open_inputs


def test_an_input_that_is_left_out_is_not_read_and_the_others_keep_their_numbers(rng):
    x = torch.from_numpy(rng.random((6, 1, 8, 8)).astype("float32"))
    read = []

    class Watched(torch.utils.data.Dataset):
        def __len__(self):
            return len(x)

        def __getitem__(self, index):
            read.append(index)
            return x[index]

    inputs = open_inputs(Watched())
    less = open_inputs(x).without({0: "ended its process", 3: "so did this"})
    assert less.head == 1
    assert torch.equal(torch.stack(list(less.samples())), x[[1, 2, 4, 5]])
    assert torch.equal(torch.stack(list(less.samples(4))), x[4:])
    reader = Reader(less)
    batches = list(reader.part(range(6), 4))
    assert [first for first, _ in batches] == [1, 4]
    assert [each.reason for each in reader.dropped] == ["ended its process", "so did this"]
    assert reader.dropped[1].source.endswith("[3]")
    read.clear()
    assert next(inputs.without({5: "the last"}).samples(4)).shape == (1, 8, 8)
    assert 5 not in read


def test_what_is_left_out_is_written_beside_the_parts_and_goes_with_them(tmp_path):
    files = PartFiles(tmp_path / "out.parts")
    assert files.left_out() == {}
    files.leave_out({70: "ended its process"})
    files.leave_out({3: "so did this"})
    assert PartFiles(tmp_path / "out.parts").left_out() == {
        70: "ended its process",
        3: "so did this",
    }
    files.clear()
    assert not files.folder.exists()
