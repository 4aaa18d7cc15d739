"""Networks with weights that every machine makes alike, and one number for each of their maps."""

import torch


@torch.no_grad()
def fill(net):
    """Fill parameters and running statistics with sines, in the order of their names."""
    for number, (name, tensor) in enumerate(sorted(net.state_dict().items())):
        if not tensor.is_floating_point():
            continue
        wave = torch.sin(1.7 * torch.arange(tensor.numel(), dtype=torch.float64) + number)
        wave = wave.reshape(tensor.shape)
        if name.endswith("running_mean") or name.endswith("bias"):
            values = 0.1 * wave
        elif name.endswith("running_var") or (tensor.ndim == 1 and name.endswith("weight")):
            values = 1 + 0.3 * wave
        elif tensor.ndim > 1 and tensor[0].numel() > 1:
            values = 1.4 * wave * tensor[0].numel() ** -0.5
        else:
            values = 0.5 + 0.3 * wave
        tensor.copy_(values)
    return net.eval()


def picture(*shape):
    """Return a picture of waves between 0 and 1."""
    count = torch.tensor(shape).prod()
    waves = torch.sin(0.37 * torch.arange(count, dtype=torch.float64)).reshape(shape)
    return (0.5 + 0.5 * waves).float()


def digest(tensor):
    """Return the product of a map and a fixed wave, over its size."""
    flat = tensor.detach().double().flatten()
    wave = torch.cos(0.11 * torch.arange(len(flat), dtype=torch.float64))
    return float(flat @ wave) / len(flat) ** 0.5
