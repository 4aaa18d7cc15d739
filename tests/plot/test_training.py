"""The curve of a training shows the numbers that it was given."""

from spectra.plot import training_figure


def test_each_panel_holds_its_own_numbers_over_one_axis_of_steps():
    losses = [(10, 0.5), (20, 0.25)]
    metrics = {"psnr": [(0, 20.0), (20, 30.0)], "mine": [(20, 1.0)]}
    figure = training_figure(losses, metrics, title="GoPro, NAFNet", loss="l1")
    axes = figure.axes
    assert [ax.get_ylabel() for ax in axes] == ["loss (l1)", "PSNR (dB)", "mine"]
    drawn = [list(zip(*ax.lines[0].get_data(), strict=True)) for ax in axes]
    assert drawn == [losses, metrics["psnr"], metrics["mine"]]
    assert axes[-1].get_xlabel() == "step"
    assert figure.get_suptitle() == "GoPro, NAFNet"


def test_a_training_without_a_loss_yet_can_be_drawn():
    figure = training_figure([], {}, title="", loss="psnr")
    assert len(figure.axes) == 1
