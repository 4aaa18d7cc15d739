"""Every form in which decoders upsample, written out, each with a twin that does not.

What a form is expected to be found as was written by hand. Each is a module named ``up``
between two others, so that the map it makes can be taken from a plain forward hook.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

B, C, H, W = 1, 8, 6, 10
PICTURE, TOKENS, SIGNAL, VOLUME = (3, H, W), (3, H * W), (3, 24), (3, 4, 6, 8)


class Functional(nn.Module):
    """A module whose forward is one function."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def network(up: nn.Module | Callable[[Tensor], Tensor], shape: tuple[int, ...]) -> nn.Module:
    """Return ``up`` between a convolution to C channels and a point-wise end."""
    convolution = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}[len(shape) - 1]
    torch.manual_seed(0)
    first = convolution(shape[0], C, 3, padding=1)
    up = up if isinstance(up, nn.Module) else Functional(up)
    return nn.Sequential(OrderedDict(first=first, up=up, last=nn.ReLU())).eval()


@dataclass(frozen=True)
class Form:
    """One way to upsample, and what is to be said of it."""

    name: str
    up: Callable[[], nn.Module | Callable[[Tensor], Tensor]]
    kind: str
    factor: tuple[int, ...]
    shape: tuple[int, ...] = PICTURE
    as_map: Callable[[Tensor], Tensor] = lambda y: y
    kernel: tuple[int, ...] | None = None

    def network(self) -> nn.Module:
        return network(self.up(), self.shape)

    def example(self, batch: int = B) -> Tensor:
        generator = torch.Generator().manual_seed(1)
        return torch.rand(batch, *self.shape, generator=generator)


def channels_first(y: Tensor) -> Tensor:
    return y.movedim(-1, 1)


# --- rearrangements -----------------------------------------------------------------------


def view_permute(x: Tensor) -> Tensor:
    b, c, h, w = x.shape
    return x.view(b, c // 4, 2, 2, h, w).permute(0, 1, 4, 2, 5, 3).reshape(b, c // 4, 2 * h, 2 * w)


def channels_last_shuffle(x: Tensor) -> Tensor:
    x = x.permute(0, 2, 3, 1)
    b, h, w, c = x.shape
    return x.reshape(b, h, w, 2, 2, c // 4).permute(0, 1, 3, 2, 4, 5).reshape(b, 2 * h, 2 * w, -1)


class Unpatchify(nn.Module):
    """Tokens to a picture, as diffusion transformers end."""

    def __init__(self, patch: int = 2, width: int = 3) -> None:
        super().__init__()
        self.patch, self.width = patch, width
        self.head = nn.Linear(C, patch * patch * width)

    def forward(self, x: Tensor) -> Tensor:
        b, _, h, w = x.shape
        tokens = self.head(x.flatten(2).transpose(1, 2))
        tokens = tokens.reshape(b, h, w, self.patch, self.patch, self.width)
        tokens = torch.einsum("nhwpqc->nchpwq", tokens)
        return tokens.reshape(b, self.width, h * self.patch, w * self.patch)


class PatchExpand(nn.Module):
    """Swin-Unet's patch expanding: a linear layer, then tokens to more tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.expand = nn.Linear(C, 2 * C)

    def forward(self, x: Tensor) -> Tensor:
        x = self.expand(x.flatten(2).transpose(1, 2)).unflatten(1, x.shape[2:])
        x = rearrange(x, "b h w (p q c) -> b (h p) (w q) c", p=2, q=2)
        return x.flatten(1, 2)


def convex_upsampling(x: Tensor) -> Tensor:
    """RAFT's: each fine pixel a learned mean of nine coarse neighbours."""
    b, _, h, w = x.shape
    mask = x.repeat(1, 5, 1, 1)[:, :36].view(b, 1, 9, 2, 2, h, w).softmax(2)
    near = F.unfold(x[:, :2], 3, padding=1).view(b, 2, 9, 1, 1, h, w)
    fine = torch.sum(mask * near, 2)
    return fine.permute(0, 1, 4, 2, 5, 3).reshape(b, 2, 2 * h, 2 * w)


def expand_reshape(x: Tensor) -> Tensor:
    b, c, h, w = x.shape
    return x[:, :, :, None, :, None].expand(b, c, h, 2, w, 2).reshape(b, c, 2 * h, 2 * w)


def repeat_reshape(x: Tensor) -> Tensor:
    b, c, h, w = x.shape
    return x[..., None].repeat(1, 1, 1, 1, 3).reshape(b, c, h, 3 * w)


def by_index(x: Tensor) -> Tensor:
    rows, columns = torch.arange(2 * x.shape[2]) // 2, torch.arange(2 * x.shape[3]) // 2
    return x[:, :, rows][:, :, :, columns]


def stack_interleave(x: Tensor) -> Tensor:
    even, odd = x[:, : C // 2], x[:, C // 2 :]
    return torch.stack([even.sin(), odd.cos()], dim=-1).flatten(-2)


def haar_by_setitem(x: Tensor) -> Tensor:
    b, c, h, w = x.shape
    ll, hl, lh, hh = (x[:, i * c // 4 : (i + 1) * c // 4] / 2 for i in range(4))
    y = torch.zeros(b, c // 4, 2 * h, 2 * w)
    y[:, :, 0::2, 0::2] = ll - hl - lh + hh
    y[:, :, 1::2, 0::2] = ll - hl + lh - hh
    y[:, :, 0::2, 1::2] = ll + hl - lh - hh
    y[:, :, 1::2, 1::2] = ll + hl + lh + hh
    return y


def scatter_columns(x: Tensor) -> Tensor:
    y = x.new_zeros(*x.shape[:3], 2 * x.shape[3])
    columns = torch.arange(0, y.shape[3], 2)
    y = y.index_copy(3, columns, x)
    return y.index_copy(3, columns + 1, 2 * x)


# --- zero insertion -----------------------------------------------------------------------

BLUR = torch.tensor([1.0, 3.0, 3.0, 1.0])


def upfirdn(x: Tensor) -> Tensor:
    """StyleGAN2's, in plain operations: channels folded into the batch."""
    b, c, h, w = x.shape
    y = x.reshape(-1, h, 1, w, 1, 1)
    y = F.pad(y, [0, 0, 0, 1, 0, 0, 0, 1]).view(-1, 2 * h, 2 * w, 1)
    y = F.pad(y, [0, 0, 2, 1, 2, 1]).permute(0, 3, 1, 2)
    y = y.reshape(-1, 1, 2 * h + 3, 2 * w + 3)
    y = F.conv2d(y, torch.outer(BLUR, BLUR)[None, None] / 16)
    return y.reshape(b, c, 2 * h, 2 * w)


def zeros_then_filter(x: Tensor) -> Tensor:
    y = torch.zeros(x.shape[0], C, 2 * x.shape[2], 2 * x.shape[3])
    y[:, :, ::2, ::2] = x
    kernel = torch.outer(BLUR, BLUR).expand(C, 1, 4, 4)
    return F.conv2d(F.pad(y, (1, 2, 1, 2)), kernel, groups=C)


def zeros_then_rows_then_columns(x: Tensor) -> Tensor:
    y = F.pad(x[..., None, :, None], (0, 1, 0, 0, 0, 1)).reshape(
        *x.shape[:2], 2 * x.shape[2], 2 * x.shape[3]
    )
    y = F.conv2d(y, BLUR.view(1, 1, 4, 1).expand(C, 1, 4, 1), padding=(2, 0), groups=C)
    return F.conv2d(y, BLUR.view(1, 1, 1, 4).expand(C, 1, 1, 4), padding=(0, 2), groups=C)


def zeros_alone(x: Tensor) -> Tensor:
    y = torch.zeros(x.shape[0], C, 2 * x.shape[2], 2 * x.shape[3])
    y[:, :, ::2, ::2] = x
    return y


def zeros_of_its_kind(x: Tensor) -> Tensor:
    y = x.new_zeros(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3])
    y[..., ::2, ::2] = x
    return y


# --- kernels ------------------------------------------------------------------------------


class Parallel(nn.Module):
    """LCTC: a large and a small transposed convolution, added."""

    def __init__(self) -> None:
        super().__init__()
        self.large = nn.ConvTranspose2d(C, 4, 7, 2, 3, 1)
        self.small = nn.ConvTranspose2d(C, 4, 3, 2, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.large(x) + self.small(x)


class Unpool(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        pooled, indices = F.max_pool2d(x, 2, return_indices=True)
        return F.max_unpool2d(pooled, indices, 2)


def unpooled_signal(x: Tensor) -> Tensor:
    """Do what ``F.max_unpool1d`` does, whose check of sizes cannot be traced."""
    pooled, indices = F.max_pool1d(x, 2, return_indices=True)
    columns = (pooled[..., None], indices[..., None])
    return torch.ops.aten.max_unpool2d(*columns, (x.shape[-1], 1))[..., 0]


def gradient_of_convolution(x: Tensor) -> Tensor:
    size = (x.shape[0], 2, 2 * x.shape[2], 2 * x.shape[3])
    return nn.grad.conv2d_input(size, torch.ones(C, 2, 2, 2), x, stride=2)


def sample_on_a_grid(x: Tensor) -> Tensor:
    theta = torch.eye(2, 3).expand(len(x), 2, 3)
    grid = F.affine_grid(theta, [*x.shape[:2], 2 * H, 2 * W], align_corners=False)
    return F.grid_sample(x, grid, align_corners=False)


class SampledFinely(nn.Module):
    """DySample: the positions are learned, and as many as the fine map has."""

    def __init__(self) -> None:
        super().__init__()
        self.offset = nn.Conv2d(C, 2 * 4 * 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        axes = torch.meshgrid(torch.arange(h) + 0.5, torch.arange(w) + 0.5, indexing="ij")
        grid = torch.stack(axes[::-1]).view(1, 2, 1, h, w)
        offset = self.offset(x).view(b, 2, -1, h, w)
        points = 2 * (grid + offset) / torch.tensor([w, h]).view(1, 2, 1, 1, 1) - 1
        points = rearrange(points, "b d (g p q) h w -> (b g) (h p) (w q) d", p=2, q=2)
        read = F.grid_sample(x.reshape(4 * b, -1, h, w), points, align_corners=False)
        return read.view(b, c, 2 * h, 2 * w)


class Double(torch.autograd.Function):
    @staticmethod
    def forward(_ctx, x):
        return view_permute(x)

    @staticmethod
    def backward(_ctx, _gradient):
        raise NotImplementedError


@torch.library.custom_op("spectra_zoo::double", mutates_args=())
def opaque(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear")


def spectrum_padded(x: Tensor) -> Tensor:
    return torch.fft.irfft2(4 * torch.fft.rfft2(x), s=(2 * x.shape[2], 2 * x.shape[3]))


def spectrum_padded_centred(x: Tensor) -> Tensor:
    spectrum = torch.fft.fftshift(torch.fft.fft2(x), dim=(-2, -1))
    h, w = x.shape[2:]
    padded = F.pad(spectrum, (w // 2, w // 2, h // 2, h // 2))
    return torch.fft.ifft2(torch.fft.ifftshift(padded, dim=(-2, -1))).real


T, S, P, Z = "transposed_conv", "depth_to_space", "repeat", "zero_insertion"


def resized(**options: object) -> Callable[[], Callable[[Tensor], Tensor]]:
    return lambda: lambda x: F.interpolate(x, **options)


def rearranged(pattern: str, **sizes: int) -> Callable[[], Callable[[Tensor], Tensor]]:
    return lambda: lambda x: rearrange(x, pattern, **sizes)


def of(function: Callable[[Tensor], Tensor]) -> Callable[[], Callable[[Tensor], Tensor]]:
    return lambda: function


def padded_transposed() -> nn.Module:
    return nn.Sequential(nn.ReflectionPad2d(1), nn.ConvTranspose2d(C, 4, 4, 2, 3))


def convolved_shuffle() -> nn.Module:
    return nn.Sequential(nn.Conv2d(C, 16, 1), nn.PixelShuffle(2))


def folded(x: Tensor) -> Tensor:
    patches = F.conv2d(x, torch.ones(16, C, 1, 1)).flatten(2)
    return F.fold(patches, (2 * H, 2 * W), 2, stride=2)


def tokens_as_map(y: Tensor) -> Tensor:
    return y.unflatten(1, (2 * H, 2 * W)).movedim(-1, 1)


def three_added_in_place(x: Tensor) -> Tensor:
    one, two, three = (
        F.conv_transpose2d(x, torch.ones(C, 4, k, k).to(x), None, 2, k // 2, 1) for k in (3, 7, 5)
    )
    one += two
    one += three
    return one


def sequence_first(x: Tensor) -> Tensor:
    """Tokens as (token, sample, channel), whose linear layer is many small products."""
    tokens = F.linear(x.flatten(2).permute(2, 0, 1), torch.eye(12, C).to(x))
    return rearrange(tokens, "(h w) b (p q c) -> b c (h p) (w q)", h=len(x[0, 0]), p=2, q=2)


def frames_to_samples(x: Tensor) -> Tensor:
    frames = F.linear(x.transpose(1, 2), torch.eye(16, C).to(x))
    return frames.reshape(len(x), 1, -1)


SPACE = "b (c p q r) d h w -> b c (d p) (h q) (w r)"
FORMS = [
    Form("transposed conv", lambda: nn.ConvTranspose2d(C, 4, 4, 2, 1), T, (2, 2), kernel=(4, 4)),
    Form("pad then transposed conv", padded_transposed, T, (2, 2), kernel=(4, 4)),
    Form("parallel transposed convs", Parallel, T, (2, 2), kernel=(7, 7)),
    Form("three, added in place", of(three_added_in_place), T, (2, 2), kernel=(7, 7)),
    Form("gradient of a convolution", of(gradient_of_convolution), T, (2, 2), kernel=(2, 2)),
    Form("conv then shuffle", convolved_shuffle, "pixel_shuffle", (2, 2)),
    Form("nearest", resized(scale_factor=2), "nearest", (2, 2)),
    Form(
        "antialiased",
        resized(size=(2 * H, 2 * W), mode="bicubic", antialias=True),
        "antialiased",
        (2, 2),
    ),
    Form("area", resized(size=(2 * H, 2 * W), mode="area"), "area", (2, 2)),
    Form("adaptive pool", lambda: nn.AdaptiveAvgPool2d((3 * H, 3 * W)), "area", (3, 3)),
    Form("max pool", lambda: nn.AdaptiveMaxPool2d((2 * H, 3 * W)), "max_pool", (2, 3)),
    Form("max pool 1-D", lambda: nn.AdaptiveMaxPool1d(48), "max_pool", (2,), SIGNAL),
    Form("max pool 3-D", lambda: nn.AdaptiveMaxPool3d((8, 12, 16)), "max_pool", (2,) * 3, VOLUME),
    Form("max pool to 1.5", lambda: nn.AdaptiveMaxPool2d((9, 15)), "max_pool", ()),
    Form("unpool", Unpool, "unpool", (2, 2)),
    Form("unpool 1-D", of(unpooled_signal), "unpool", (2,), SIGNAL),
    Form("grid sample", of(sample_on_a_grid), "grid_sample", ()),
    Form("fold", of(folded), "fold", (2, 2), kernel=(2, 2)),
    Form("repeat_interleave 1-D", of(lambda x: x.repeat_interleave(3, 2)), P, (3,), SIGNAL),
    Form(
        "repeat_interleave twice",
        of(lambda x: x.repeat_interleave(2, 2).repeat_interleave(2, 3)),
        P,
        (2, 2),
    ),
    Form("repeat_interleave 3-D", of(lambda x: x.repeat_interleave(2, 4)), P, (1, 1, 2), VOLUME),
    Form("expand, reshape", of(expand_reshape), P, (2, 2)),
    Form("repeat, reshape", of(repeat_reshape), P, (1, 3)),
    Form("by index", of(by_index), P, (2, 2)),
    Form("kron", of(lambda x: torch.kron(x, torch.ones(1, 1, 2, 2))), S, (2, 2)),
    Form("view, permute", of(view_permute), S, (2, 2)),
    Form("einops", rearranged("b (c p q) h w -> b c (h p) (w q)", p=2, q=4), S, (2, 4)),
    Form("1-D sub-pixel", rearranged("b (c r) t -> b c (t r)", r=4), S, (4,), SIGNAL),
    Form("3-D sub-pixel", rearranged(SPACE, p=2, q=2, r=2), S, (2, 2, 2), VOLUME),
    Form("channels-last", of(channels_last_shuffle), S, (2, 2), as_map=channels_first),
    Form("unpatchify", Unpatchify, S, (2, 2)),
    Form("patch expand", PatchExpand, S, (2, 2), as_map=tokens_as_map),
    Form("tokens first", of(sequence_first), S, (2, 2)),
    Form("frames to samples", of(frames_to_samples), S, (16,), SIGNAL),
    Form("convex upsampling", of(convex_upsampling), S, (2, 2)),
    Form("stack, interleave", of(stack_interleave), S, (1, 2)),
    Form("Haar by setitem", of(haar_by_setitem), S, (2, 2)),
    Form("index_copy", of(scatter_columns), S, (1, 2)),
    Form("autograd function", lambda: Double.apply, S, (2, 2)),
    Form("upfirdn", of(upfirdn), Z, (2, 2), kernel=(4, 4)),
    Form(
        "zeros by setitem, filter", of(zeros_then_filter), "zero_insertion", (2, 2), kernel=(4, 4)
    ),
    Form(
        "zeros, rows, columns",
        of(zeros_then_rows_then_columns),
        "zero_insertion",
        (2, 2),
        kernel=(4, 4),
    ),
    Form("zeros alone", of(zeros_alone), "zero_insertion", (2, 2)),
    Form("new_zeros alone", of(zeros_of_its_kind), "zero_insertion", (2, 2)),
    Form("spectrum zero-padded", of(spectrum_padded), "fourier", (2, 2)),
    Form("centred spectrum zero-padded", of(spectrum_padded_centred), "fourier", (2, 2)),
    Form("opaque operator", lambda: opaque, "other", (2, 2)),
]


# --- what must not be reported ------------------------------------------------------------


def windows(x: Tensor) -> Tensor:
    y = rearrange(x, "b c (m h) (n w) -> (b m n) (h w) c", h=2, w=2)
    y = y @ torch.ones(C, C)
    return rearrange(y, "(b m n) (h w) c -> b c (m h) (n w)", h=2, w=2, m=H // 2, n=W // 2)


def batch_fold(x: Tensor) -> Tensor:
    y = rearrange(x, "b c (h p) (w q) -> (b p q) c h w", p=2, q=2)
    y = F.conv2d(y, torch.ones(C, C, 3, 3), padding=1)
    return rearrange(y, "(b p q) c h w -> b c (h p) (w q)", p=2, q=2)


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.project = nn.Linear(C, 3 * C), nn.Linear(C, C)

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.flatten(2).transpose(1, 2)
        b, n, c = tokens.shape
        q, k, v = self.qkv(tokens).reshape(b, n, 3, 2, c // 2).permute(2, 0, 3, 1, 4)
        y = (q @ k.transpose(-2, -1)).softmax(-1) @ v
        y = y.transpose(1, 2).reshape(b, n, c) + F.scaled_dot_product_attention(q, k, v).transpose(
            1, 2
        ).reshape(b, n, c)
        return self.project(y).transpose(1, 2).reshape(x.shape)


def channel_attention(x: Tensor) -> Tensor:
    q = rearrange(F.conv2d(x, torch.ones(C, C, 1, 1)), "b (m c) h w -> b m c (h w)", m=2)
    y = (q @ q.transpose(-2, -1)).softmax(-1) @ q
    return rearrange(y, "b m c (h w) -> b (m c) h w", h=H)


def grouped_queries(x: Tensor) -> Tensor:
    keys = F.linear(x.flatten(2).transpose(1, 2), torch.ones(C, C)).unflatten(2, (2, 4))
    keys = keys.transpose(1, 2)[:, :, None].expand(-1, -1, 3, -1, -1)
    keys = keys.reshape(len(x), 6, H * W, 4)
    mixed = (keys @ keys.transpose(-2, -1)).softmax(-1) @ keys
    return mixed[:, ::3].transpose(2, 3).reshape(x.shape)


def rotary(x: Tensor) -> Tensor:
    tokens = F.linear(x.flatten(2).transpose(1, 2), torch.ones(C, C))
    turned = torch.stack([-tokens[..., 1::2], tokens[..., ::2]], -1).flatten(-2)
    return turned.transpose(1, 2).reshape(x.shape)


def there_and_back(x: Tensor) -> Tensor:
    y = rearrange(x, "b c (h p) (w q) -> b (c p q) h w", p=2, q=2)
    return rearrange(y.relu() + 1, "b (c p q) h w -> b c (h p) (w q)", p=2, q=2)


def unfold_and_fold(x: Tensor) -> Tensor:
    return F.fold(2 * F.unfold(x, 2, stride=2), x.shape[2:], 2, stride=2)


def token_mixing(x: Tensor) -> Tensor:
    y = F.linear(x.flatten(2), torch.ones(4 * H * W, H * W)).relu()
    return F.linear(y, torch.ones(H * W, 4 * H * W)).reshape(x.shape)


class Head(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        features = x.permute(0, 2, 3, 1).flatten(1)
        gain = F.linear(features, torch.ones(C, features.shape[1]))
        return x * gain[:, :, None, None].expand(-1, -1, H, W).reshape(x.shape)


def masked_tokens(x: Tensor) -> Tensor:
    tokens = x.flatten(2).transpose(1, 2)
    kept = tokens[:, torch.arange(H * W) % 4 != 1]
    padded = torch.cat([kept, torch.zeros(len(x), H * W // 4, C)], 1)
    order = torch.randperm(H * W, generator=torch.Generator().manual_seed(0))
    return padded[:, order].transpose(1, 2).reshape(x.shape)


class Table(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.ones(1, C, H // 2, W // 2))

    def forward(self, x: Tensor) -> Tensor:
        return x + F.interpolate(self.table, size=(H, W)) + expand_reshape(self.table)


def grid_attention(x: Tensor) -> Tensor:
    y = rearrange(x, "b c (g h) (k w) -> (b h w) (g k) c", g=2, k=2)
    y = y + attended(y)
    return rearrange(y, "(b h w) (g k) c -> b c (g h) (k w)", g=2, k=2, h=H // 2, w=W // 2)


def attended(tokens: Tensor) -> Tensor:
    q = F.linear(tokens, torch.eye(C))[:, None]
    return F.scaled_dot_product_attention(q, q, q)[:, 0]


def shifted_windows(x: Tensor) -> Tensor:
    b, c, h, w = x.shape
    y = x.permute(0, 2, 3, 1).roll((-1, -1), (1, 2))
    y = y.view(b, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 4, c)
    y = attended(y).view(b, h // 2, w // 2, 2, 2, c).permute(0, 1, 3, 2, 4, 5)
    y = x.permute(0, 2, 3, 1) + y.reshape(b, h, w, c).roll((1, 1), (1, 2))
    return (y + F.linear(F.layer_norm(y, (c,)), torch.eye(c)).relu()).permute(0, 3, 1, 2)


def mobile_blocks(x: Tensor) -> Tensor:
    b, c, h, w = x.shape
    y = x.reshape(b * c * (h // 2), 2, w // 2, 2).transpose(1, 2).reshape(b, c, -1, 4)
    y = attended(y.transpose(1, 3).reshape(b * 4, -1, c)).view(b, 4, -1, c).transpose(1, 3)
    y = y.reshape(b * c * (h // 2), w // 2, 2, 2).transpose(1, 2)
    return y.reshape(b, c, h, w)


def overlapping_windows(x: Tensor) -> Tensor:
    keys = rearrange(F.unfold(x, 4, padding=1, stride=2), "b (c k) n -> (b n) k c", c=C)
    query = rearrange(x, "b c (h p) (w q) -> (b h w) (p q) c", p=2, q=2)
    y = (query @ keys.transpose(1, 2)).softmax(-1) @ keys
    return rearrange(y, "(b h w) (p q) c -> b c (h p) (w q)", h=H // 2, w=W // 2, p=2, q=2)


def window_channel_attention(x: Tensor) -> Tensor:
    y = F.conv2d(x, torch.ones(C, C, 1, 1))
    q = rearrange(y, "b (m d) (h p) (w q) -> (b h w) m d (p q)", m=2, p=2, q=2)
    y = (q @ q.transpose(-2, -1)).softmax(-1) @ q
    return rearrange(y, "(b h w) m d (p q) -> b (m d) (h p) (w q)", h=H // 2, w=W // 2, p=2, q=2)


def rows_then_columns(x: Tensor) -> Tensor:
    rows = attended(rearrange(x, "b c h w -> (b h) w c"))
    columns = attended(rearrange(rows, "(b h) w c -> (b w) h c", h=H))
    return rearrange(columns, "(b w) h c -> b c h w", w=W)


class WindowHeads(nn.Module):
    """Swin: each product is of one head of one window."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.qkv = nn.LayerNorm(C), nn.Linear(C, 3 * C)

    def forward(self, x: Tensor) -> Tensor:
        y = rearrange(self.norm(x.movedim(1, -1)), "b (m h) (n w) c -> (b m n) (h w) c", h=2, w=5)
        q, k, v = self.qkv(y).reshape(len(y), 10, 3, 2, C // 2).permute(2, 0, 3, 1, 4)
        y = ((q @ k.transpose(-2, -1)).softmax(-1) @ v).transpose(1, 2).reshape(-1, 10, C)
        return rearrange(y, "(b m n) (h w) c -> b c (m h) (n w)", m=3, n=2, h=2)


def relative_attention(x: Tensor) -> Tensor:
    """SAM's: windows and heads share the axis of the products."""
    y = rearrange(x, "b c (m h) (n w) -> (b m n) (h w) c", h=2, w=5)
    y = F.linear(y, torch.ones(3 * C, C)).reshape(len(y), 10, 3, 2, C // 2)
    q, k, v = y.permute(2, 0, 3, 1, 4).reshape(3, -1, 10, C // 2).unbind(0)
    y = ((q @ k.transpose(-2, -1)).softmax(-1) @ v).view(-1, 2, 10, C // 2)
    return rearrange(y, "(b m n) d (h w) c -> b (d c) (m h) (n w)", m=3, n=2, h=2)


class TokensAsChannels(nn.Module):
    """Tokens put back as a map in the wrong order, which the next layer takes for channels."""

    def __init__(self) -> None:
        super().__init__()
        self.widen, self.mix = nn.Conv2d(C, 4 * H * W, 1), nn.Conv2d(4 * H * W, C, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.widen(x)
        tokens = x.flatten(2)
        mixed = (tokens.transpose(1, 2) @ tokens).softmax(-1) @ tokens.transpose(1, 2)
        return self.mix(x + mixed.reshape(x.shape))


def patches_for_a_loss(x: Tensor) -> Tensor:
    """Patches of a picture as the target of masked tokens; only their statistics go on."""
    y = rearrange(x[:, :4], "b c (h p) (w q) -> b (h w) (p q c)", p=2, q=5)
    y = (y - y.mean(-1, keepdim=True)) / y.std(-1, keepdim=True)
    return y[:, :1, :1, None] * x


def correlation_lookup(x: Tensor) -> Tensor:
    """RAFT's: every pixel reads the neighbours of where it moves to."""
    b, _, h, w = x.shape
    volume = (x.flatten(2).transpose(1, 2) @ x.flatten(2)).view(b * h * w, 1, h, w)
    volume = F.avg_pool2d(volume, 2)
    near = torch.rand(1, 9, 9, 2) + torch.arange(b * h * w).view(-1, 1, 1, 1) / h
    found = F.grid_sample(volume, near, align_corners=False)
    return found.view(b, h, w, -1).permute(0, 3, 1, 2)


def deformable_attention(x: Tensor) -> Tensor:
    """Each token reads a few points of the map, which are averaged."""
    b, c, h, w = x.shape
    points = F.linear(x.flatten(2).transpose(1, 2), torch.ones(2 * 2 * 12, C))
    points = points.view(b, h * w, 2, 12, 2).transpose(1, 2).flatten(0, 1).sigmoid()
    read = F.grid_sample(x.reshape(2 * b, c // 2, h, w), points, align_corners=False)
    return read.mean(-1).reshape(x.shape)


class Grid(nn.Module):
    """MaxViT's: places that lie apart become axes of a layer of their own, and go back."""

    class Partition(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return rearrange(x, "b c (g h) (k w) -> b (h w) (g k) c", g=3, k=2)

    class Departition(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return rearrange(x, "b (h w) (g k) c -> b c (g h) (k w)", g=3, h=2, k=2)

    def __init__(self) -> None:
        super().__init__()
        self.partition, self.departition = self.Partition(), self.Departition()
        self.mix = nn.Linear(C, C)

    def forward(self, x: Tensor) -> Tensor:
        return self.departition(self.mix(self.partition(x)))


class Weighted(nn.Module):
    """A weight that is computed: gain times direction."""

    class Product(nn.Module):
        def forward(self, gain: Tensor, direction: Tensor) -> Tensor:
            return gain * direction

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(C, 1, 1, 1))
        self.direction = nn.Parameter(torch.ones(C, C, 3, 3))
        self.weight = self.Product()

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight(self.gain, self.direction), padding=1)


class FourierUnit(nn.Module):
    """LaMa's: real and imaginary parts as channels of a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Conv2d(2 * C, 2 * C, 1)

    def forward(self, x: Tensor) -> Tensor:
        spectrum = torch.fft.rfftn(x, dim=(-2, -1), norm="ortho")
        y = torch.stack((spectrum.real, spectrum.imag), -1)
        y = y.permute(0, 1, 4, 2, 3).contiguous().flatten(1, 2)
        y = self.mix(y).unflatten(1, (C, 2)).permute(0, 1, 3, 4, 2).contiguous()
        mixed = torch.view_as_complex(y) + torch.complex(y[..., 0], y[..., 1])
        mixed.imag[..., 0] = 0
        return torch.fft.irfftn(mixed, s=(H, W), dim=(-2, -1), norm="ortho")


def maxima_spread(x: Tensor) -> Tensor:
    """Squeeze to the maximum, or to a smaller map and its maximum, which is spread over the map."""
    most = F.adaptive_max_pool2d(F.adaptive_max_pool2d(x, (2, 3)), 1)
    return x * F.adaptive_max_pool2d(x, 1) + F.adaptive_max_pool2d(most, x.shape[2:])


TWINS = [
    ("grid of places", Grid),
    ("computed weight", Weighted),
    ("Fourier unit", FourierUnit),
    ("relative attention", lambda: relative_attention),
    ("tokens as channels", TokensAsChannels),
    ("patches for a loss", lambda: patches_for_a_loss),
    ("correlation look-up", lambda: correlation_lookup),
    ("deformable attention", lambda: deformable_attention),
    ("heads of windows", WindowHeads),
    ("grid attention", lambda: grid_attention),
    ("shifted windows", lambda: shifted_windows),
    ("blocks of tokens", lambda: mobile_blocks),
    ("overlapping windows", lambda: overlapping_windows),
    ("channel attention in windows", lambda: window_channel_attention),
    ("rows, then columns", lambda: rows_then_columns),
    ("windows", lambda: windows),
    ("batch fold", lambda: batch_fold),
    ("attention", Attention),
    ("channel attention", lambda: channel_attention),
    ("grouped queries", lambda: grouped_queries),
    ("rotary positions", lambda: rotary),
    ("gather", lambda: lambda x: x[..., torch.tensor([3, 3, 1, 0, 0, 0, 7, 9, 2, 2])]),
    ("tile", lambda: lambda x: x.repeat(1, 1, 2, 2)[..., :H, :W]),
    ("flip and roll", lambda: lambda x: x.flip(2).roll(3, 3)),
    ("cropping", lambda: lambda x: x[:, :, 1:-1, 2:-2]),
    ("padding", lambda: lambda x: F.pad(F.pad(x, (2, 2, 1, 1), mode="reflect"), (1, 1, 1, 1))),
    ("strided conv", lambda: nn.Conv2d(C, C, 3, 2, 1)),
    ("unshuffle", lambda: nn.PixelUnshuffle(2)),
    ("channel shuffle", lambda: nn.ChannelShuffle(2)),
    ("skip concatenation", lambda: lambda x: torch.cat([x, x.relu()], 1)),
    ("rows concatenated", lambda: lambda x: torch.cat([x, x.flip(2)], 2)[:, :, :H]),
    ("there and back", lambda: there_and_back),
    ("unfold and fold", lambda: unfold_and_fold),
    ("token mixing", lambda: token_mixing),
    ("features", Head),
    ("masked tokens", lambda: masked_tokens),
    ("position table", Table),
    ("squeeze and excite", lambda: lambda x: x * F.adaptive_avg_pool2d(x, 1).expand_as(x)),
    ("maxima spread again", lambda: maxima_spread),
    ("a mean spread again", lambda: lambda x: x + F.interpolate(x.mean((2, 3), True), x.shape[2:])),
    ("spectral filter", lambda: lambda x: torch.fft.irfft2(torch.fft.rfft2(x).conj(), s=(H, W))),
    ("warp", lambda: lambda x: F.grid_sample(x, torch.zeros(len(x), H, W, 2), align_corners=False)),
    ("stride 1, added", lambda: nn.ConvTranspose2d(C, C, 3, padding=1)),
]
