from fractions import Fraction

import torch

from spectra.score._cascade import inherited_points
from spectra.score._score import point_significance, read_lattice, score
from spectra.spectrum import MapStatistics, plan_maps


def place(maps, *periods):
    statistics = MapStatistics(plan_maps(maps.shape[1:], *periods, count=len(maps)))
    statistics.update(maps, first=0)
    data = statistics.to_dataset()
    return read_lattice(data), data


def test_a_replica_of_what_the_inputs_had_is_not_inherited():
    """A line of period 4 in the inputs stands at 1/8 after doubling; at 3/8 is its replica."""
    x = torch.randn(16, 1, 256, generator=torch.Generator().manual_seed(0))
    x = x + torch.cos(torch.pi / 2 * torch.arange(256.0))
    inputs, _ = place(x, (2,), (4,))
    output, _ = place(x.repeat_interleave(2, -1), (2,), (8,))
    _, p = point_significance(inputs)
    inherited = inherited_points(output, inputs, (Fraction(2),), p)
    assert [float(abs(f[0])) for f in output.lattice.frequency[inherited]] == [0.125]


def test_a_grid_that_the_model_strengthens_is_its_own():
    x = torch.randn(128, 1, 256, generator=torch.Generator().manual_seed(0))
    line = (-1.0) ** torch.arange(256.0)
    inputs, _ = place(x + 0.1 * line, (2,))
    output, _ = place(x + 0.5 * line, (2,))
    _, p = point_significance(inputs)
    assert p[0] < 0.05
    assert not inherited_points(output, inputs, (Fraction(1),), p).any()


def test_a_checkerboard_of_the_inputs_is_inherited_and_one_of_the_model_is_not():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(16, 1, 96, 96, generator=generator)
    y, z = torch.meshgrid(torch.arange(96), torch.arange(96), indexing="ij")
    board = (-1.0) ** (y + z)
    stripes = (-1.0) ** y
    inputs, _ = place(x + 0.3 * board, (2, 2))
    output, data = place(x + 0.3 * board + 0.3 * stripes, (2, 2))
    _, p = point_significance(inputs)
    inherited = inherited_points(output, inputs, (Fraction(1), Fraction(1)), p)
    frequencies = {tuple(f) for f in output.lattice.frequency[inherited]}
    assert frequencies == {(0.5, 0.5)}
    assert score(output, data, chosen=~inherited).verdict == "present"
    only, only_data = place(x + 0.3 * board, (2, 2))
    inherited = inherited_points(only, inputs, (Fraction(1), Fraction(1)), p)
    assert score(only, only_data, chosen=~inherited).verdict == "none"


def test_the_bad_stage_of_a_cascade_owns_the_lines():
    """Three ideal doublings; one stage multiplies every second sample by a gain."""
    for bad, period in ((0, 8), (1, 4), (2, 2)):
        x = 3 + 0.3 * torch.randn(16, 1, 128, generator=torch.Generator().manual_seed(bad))
        for stage in range(3):
            spectrum = torch.fft.rfft(x)
            x = 2 * torch.fft.irfft(spectrum, 2 * x.shape[-1])
            if stage == bad:
                x[..., ::2] *= 1.2
        measured, _ = place(x, (2,), (4,), (8,))
        line = measured.lattice.line[0]
        owner = {q: float(line[measured.owned_by((q,))].sum()) for q in (2, 4, 8)}
        assert max(owner, key=owner.get) == period
        assert all(abs(v) < 1e-3 * owner[period] for q, v in owner.items() if q < period)
