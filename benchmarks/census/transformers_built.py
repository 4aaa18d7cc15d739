"""A model of transformers from the options of its configuration, and small backbones for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from census.catalogue import Decoder, call

STAGES = {"depths": [1, 1, 1, 1], "out_features": ["stage1", "stage2", "stage3", "stage4"]}


def _built(
    class_name: str, config_name: str, options: Callable[[Any], dict[str, Any]]
) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        import transformers

        config = getattr(transformers, config_name)(**options(transformers))
        return getattr(transformers, class_name)(config)

    return build


def decoder(
    class_name: str,
    shape: tuple[int, ...],
    options: Callable[[Any], dict[str, Any]],
    *,
    config: str,
    label: str = "",
    run: Callable[[Any, Tensor], object] = call,
    **entry: Any,
) -> Decoder:
    return Decoder(
        f"transformers:{label or class_name}",
        _built(class_name, config, options),
        shape,
        run=run,
        **entry,
    )


def swin(library: Any) -> Any:
    return library.SwinConfig(
        image_size=128, embed_dim=16, num_heads=[1, 2, 4, 4], window_size=4, **STAGES
    )


def resnet(library: Any) -> Any:
    return library.ResNetConfig(
        embedding_size=16, hidden_sizes=[16, 16, 32, 32], layer_type="basic", **STAGES
    )
