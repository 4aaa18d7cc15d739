"""Decoders of torchvision: segmentation heads, pyramids, mask and key point heads, flow."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from census.catalogue import Decoder


def _segmentation(name: str) -> Decoder:
    def build() -> nn.Module:
        from torchvision.models import get_model

        return get_model(name, weights=None, weights_backbone=None, num_classes=4)

    return Decoder(f"torchvision:{name}", build, (1, 3, 128, 128))


def _pyramid() -> nn.Module:
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

    return resnet_fpn_backbone(backbone_name="resnet18", weights=None)


def _mask_head() -> nn.Module:
    from torchvision.models.detection.mask_rcnn import MaskRCNNPredictor

    return MaskRCNNPredictor(32, 32, 4)


def _keypoint_head() -> nn.Module:
    from torchvision.models.detection.keypoint_rcnn import KeypointRCNNPredictor

    return KeypointRCNNPredictor(32, 5)


def _raft() -> nn.Module:
    from torchvision.models.optical_flow import raft_small

    return raft_small(weights=None)


def _raft_with_mask() -> nn.Module:
    from torchvision.models.optical_flow import raft_large

    return raft_large(weights=None)


def _flow(model: Any, x: Tensor) -> object:
    """Ask for two refinements of the flow from a picture to its mirror image."""
    return model(x, x.flip(-1), num_flow_updates=2)


def _spatial(model: Any, x: Tensor) -> Tensor:
    """Run an encoder up to its last map."""
    if hasattr(model, "blocks"):
        x = model.stem(x)
        for block in model.blocks:
            x = block(x)
        return x
    return model.features(x)


def _encoder(name: str, size: int, **options: Any) -> Decoder:
    def build() -> nn.Module:
        from torchvision.models import get_model

        return get_model(name, weights=None, **options)

    return Decoder(
        f"torchvision:{name}",
        build,
        (1, 3, size, size),
        run=_spatial,
        encoder=True,
    )


DECODERS = [
    _segmentation("fcn_resnet50"),
    _segmentation("deeplabv3_mobilenet_v3_large"),
    _segmentation("lraspp_mobilenet_v3_large"),
    Decoder("torchvision:resnet_fpn_backbone", _pyramid, (1, 3, 128, 128)),
    Decoder("torchvision:mask_rcnn_head", _mask_head, (2, 32, 14, 14)),
    Decoder("torchvision:keypoint_rcnn_head", _keypoint_head, (2, 32, 14, 14)),
    Decoder(
        "torchvision:raft_small",
        _raft,
        (1, 3, 128, 128),
        run=_flow,
        dismissed=("corr_block", ""),
        why="index_pyramid() samples 9 x 9 neighbours for every pixel: the grid_sample looks up",
    ),
    Decoder(
        "torchvision:raft_large",
        _raft_with_mask,
        (1, 3, 128, 128),
        run=_flow,
        rearranged={("", "depth_to_space"): 2},
        dismissed=("corr_block", ""),
        why=(
            "upsample_flow(): view (B, 1, 9, 8, 8, h, w), permute(0, 1, 4, 2, 5, 3), reshape, once "
            "a refinement; the grid_sample of index_pyramid() looks up"
        ),
    ),
    _encoder("swin_v2_t", 128),
    _encoder("maxvit_t", 224),
    _encoder("convnext_tiny", 96),
]
