"""Decoders of transformers: depth, segmentation, matting, super-resolution, vocoders."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from census.catalogue import OUTSIDE
from census.transformers_built import STAGES, decoder, resnet, swin
from census.transformers_sound import SOUND

TINY = {
    "hidden_size": 32,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}


def _point(model: Any, x: Tensor) -> object:
    points = torch.tensor([[[[40.0, 60.0]]]])
    return model(pixel_values=x, input_points=points, multimask_output=False).pred_masks


def _restored(model: Any, x: Tensor) -> object:
    return model.unpatchify(model(x).logits)


def _worded(model: Any, x: Tensor) -> object:
    words = torch.tensor([[1, 5, 7, 2]])
    mask = torch.ones_like(words)
    logits = model(input_ids=words, pixel_values=x, attention_mask=mask).logits
    return logits.reshape(1, 1, *logits.shape[-2:])


DECODERS = [
    decoder(
        "SegformerForSemanticSegmentation",
        (1, 3, 128, 128),
        lambda _: {
            "depths": [1, 1, 1, 1],
            "hidden_sizes": [8, 16, 16, 32],
            "num_attention_heads": [1, 2, 2, 4],
            "decoder_hidden_size": 16,
        },
        config="SegformerConfig",
    ),
    *(
        decoder(
            "Swin2SRForImageSuperResolution",
            (1, 3, 64, 64),
            lambda _, upsampler=upsampler: {
                "image_size": 64,
                "embed_dim": 24,
                "depths": [2, 2],
                "num_heads": [2, 2],
                "window_size": 8,
                "upscale": 4,
                "upsampler": upsampler,
            },
            config="Swin2SRConfig",
            label=f"Swin2SR-{upsampler.replace('+', '-')}",
        )
        for upsampler in ("pixelshuffle", "nearest+conv", "pixelshuffle_aux")
    ),
    decoder(
        "DPTForDepthEstimation",
        (1, 3, 96, 96),
        lambda _: (
            TINY
            | {
                "image_size": 96,
                "backbone_out_indices": [0, 1, 2, 3],
                "neck_hidden_sizes": [16, 16, 32, 32],
                "fusion_hidden_size": 16,
                "is_hybrid": False,
            }
        ),
        config="DPTConfig",
        run=lambda model, x: model(x).predicted_depth,
    ),
    decoder(
        "DPTForSemanticSegmentation",
        (1, 3, 96, 96),
        lambda _: (
            TINY
            | {
                "image_size": 96,
                "backbone_out_indices": [0, 1, 2, 3],
                "neck_hidden_sizes": [16, 16, 32, 32],
                "fusion_hidden_size": 16,
                "is_hybrid": False,
                "use_auxiliary_head": False,
            }
        ),
        config="DPTConfig",
    ),
    decoder(
        "MaskFormerForInstanceSegmentation",
        (1, 3, 128, 128),
        lambda library: {
            "backbone_config": swin(library),
            "decoder_config": library.DetrConfig(
                d_model=32,
                encoder_layers=1,
                decoder_layers=2,
                encoder_ffn_dim=32,
                decoder_ffn_dim=32,
                encoder_attention_heads=2,
                decoder_attention_heads=2,
                num_queries=5,
                use_timm_backbone=False,
                backbone_config=resnet(library),
            ),
            "fpn_feature_size": 32,
            "mask_feature_size": 32,
        },
        config="MaskFormerConfig",
        run=lambda model, x: model(x).masks_queries_logits,
    ),
    decoder(
        "Mask2FormerForUniversalSegmentation",
        (1, 3, 128, 128),
        lambda library: {
            "backbone_config": swin(library),
            "feature_size": 32,
            "mask_feature_size": 32,
            "hidden_dim": 32,
            "encoder_feedforward_dim": 32,
            "encoder_layers": 1,
            "decoder_layers": 3,
            "num_attention_heads": 4,
            "dim_feedforward": 32,
            "num_queries": 5,
        },
        config="Mask2FormerConfig",
        run=lambda model, x: model(x).masks_queries_logits,
        dismissed=("model.pixel_level_module.decoder.encoder.layers.*.self_attn",),
        why="multi-scale deformable attention samples queries x points, not a map",
    ),
    decoder(
        "DetrForSegmentation",
        (1, 3, 128, 128),
        lambda library: {
            "d_model": 32,
            "encoder_layers": 1,
            "decoder_layers": 1,
            "encoder_ffn_dim": 32,
            "decoder_ffn_dim": 32,
            "encoder_attention_heads": 8,
            "decoder_attention_heads": 8,
            "num_queries": 5,
            "use_timm_backbone": False,
            "backbone_config": resnet(library),
        },
        config="DetrConfig",
        run=lambda model, x: model(x).pred_masks,
    ),
    decoder(
        "SamModel",
        (1, 3, 128, 128),
        lambda _: {
            "vision_config": {
                "hidden_size": 32,
                "output_channels": 32,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "image_size": 128,
                "patch_size": 16,
                "window_size": 4,
                "global_attn_indexes": [1],
                "mlp_dim": 32,
                "num_pos_feats": 16,
                "initializer_range": 0.02,
            },
            "prompt_encoder_config": {
                "hidden_size": 32,
                "image_size": 128,
                "patch_size": 16,
                "mask_input_channels": 8,
            },
            "mask_decoder_config": {
                "hidden_size": 32,
                "mlp_dim": 32,
                "num_attention_heads": 2,
                "iou_head_hidden_dim": 16,
            },
        },
        config="SamConfig",
        run=_point,
    ),
    decoder(
        "ViTMAEForPreTraining",
        (1, 3, 64, 64),
        lambda _: (
            TINY
            | {
                "image_size": 64,
                "patch_size": 8,
                "decoder_hidden_size": 32,
                "decoder_num_hidden_layers": 1,
                "decoder_num_attention_heads": 2,
                "decoder_intermediate_size": 32,
            }
        ),
        config="ViTMAEConfig",
        run=_restored,
        rearranged={(OUTSIDE, "depth_to_space"): 1},
        why="unpatchify(): reshape (n, h, w, p, p, c), einsum nhwpqc -> nchpwq, reshape",
        timed=decoder(
            "ViTMAEForPreTraining",
            (1, 3, 224, 224),
            lambda _: {},
            config="ViTMAEConfig",
            run=_restored,
        ),
    ),
    decoder(
        "BeitForSemanticSegmentation",
        (1, 3, 64, 64),
        lambda _: TINY | {"image_size": 64, "out_indices": [1, 2, 3, 4], "vocab_size": 8},
        config="BeitConfig",
    ),
    decoder(
        "UperNetForSemanticSegmentation",
        (1, 3, 128, 128),
        lambda library: {
            "backbone_config": library.ConvNextConfig(hidden_sizes=[8, 16, 16, 32], **STAGES),
            "hidden_size": 16,
            "auxiliary_in_channels": 16,
            "auxiliary_channels": 16,
        },
        config="UperNetConfig",
    ),
    decoder(
        "DepthAnythingForDepthEstimation",
        (1, 3, 112, 112),
        lambda library: {
            "backbone_config": library.Dinov2Config(
                image_size=112,
                hidden_size=32,
                num_hidden_layers=4,
                num_attention_heads=2,
                out_indices=[1, 2, 3, 4],
                reshape_hidden_states=False,
                apply_layernorm=True,
            ),
            "reassemble_hidden_size": 32,
            "neck_hidden_sizes": [16, 16, 32, 32],
            "fusion_hidden_size": 16,
            "head_hidden_size": 8,
            "patch_size": 14,
        },
        config="DepthAnythingConfig",
        run=lambda model, x: model(x).predicted_depth,
    ),
    decoder(
        "GLPNForDepthEstimation",
        (1, 3, 128, 128),
        lambda _: {
            "depths": [1, 1, 1, 1],
            "hidden_sizes": [8, 16, 16, 32],
            "num_attention_heads": [1, 2, 2, 4],
            "decoder_hidden_size": 16,
        },
        config="GLPNConfig",
        run=lambda model, x: model(x).predicted_depth,
    ),
    decoder(
        "VitMatteForImageMatting",
        (1, 4, 96, 96),
        lambda library: {
            "backbone_config": library.VitDetConfig(
                hidden_size=32,
                num_hidden_layers=2,
                num_attention_heads=2,
                mlp_ratio=2,
                image_size=96,
                pretrain_image_size=64,
                patch_size=16,
                num_channels=4,
                out_features=["stage2"],
            ),
            "hidden_size": 32,
            "convstream_hidden_sizes": [8, 16, 16],
            "fusion_hidden_sizes": [16, 16, 8, 8],
        },
        config="VitMatteConfig",
        run=lambda model, x: model(x).alphas,
    ),
    decoder(
        "CLIPSegForImageSegmentation",
        (1, 3, 64, 64),
        lambda library: {
            "text_config": TINY | {"vocab_size": 20, "bos_token_id": 1, "eos_token_id": 2},
            "vision_config": TINY | {"image_size": 64, "patch_size": 16},
            "projection_dim": 32,
            "extract_layers": [1, 2, 3],
            "reduce_dim": 16,
            "decoder_num_attention_heads": 2,
            "decoder_intermediate_size": 32,
            "use_complex_transposed_convolution": True,
        },
        config="CLIPSegConfig",
        run=_worded,
    ),
    decoder(
        "EomtForUniversalSegmentation",
        (1, 3, 64, 64),
        lambda _: (
            TINY
            | {
                "image_size": 64,
                "patch_size": 8,
                "num_queries": 5,
                "num_blocks": 2,
                "num_upscale_blocks": 2,
            }
        ),
        config="EomtConfig",
        run=lambda model, x: model(x).masks_queries_logits,
    ),
    decoder(
        "RTDetrModel",
        (1, 3, 128, 128),
        lambda library: {
            "backbone_config": library.RTDetrResNetConfig(
                embedding_size=16,
                hidden_sizes=[16, 16, 32, 32],
                layer_type="basic",
                depths=[1, 1, 1, 1],
                out_features=["stage2", "stage3", "stage4"],
            ),
            "encoder_hidden_dim": 32,
            "encoder_in_channels": [16, 32, 32],
            "feat_strides": [8, 16, 32],
            "encoder_ffn_dim": 32,
            "encoder_attention_heads": 2,
            "d_model": 32,
            "decoder_in_channels": [32, 32, 32],
            "decoder_layers": 1,
            "decoder_ffn_dim": 32,
            "decoder_attention_heads": 2,
            "num_queries": 10,
        },
        config="RTDetrConfig",
        run=lambda model, x: model(x).last_hidden_state,
        dismissed=("decoder.layers.*.encoder_attn.attn",),
        why="multi-scale deformable attention samples queries x points, not a map",
    ),
    *SOUND,
    decoder(
        "ViTModel",
        (1, 3, 96, 96),
        lambda _: TINY | {"image_size": 64, "patch_size": 8},
        config="ViTConfig",
        run=lambda model, x: model(x, interpolate_pos_encoding=True).last_hidden_state,
        encoder=True,
    ),
    decoder(
        "Swinv2Model",
        (1, 3, 128, 128),
        lambda _: {
            "image_size": 128,
            "embed_dim": 16,
            "depths": [2, 2],
            "num_heads": [1, 2],
            "window_size": 8,
        },
        config="Swinv2Config",
        run=lambda model, x: model(x).last_hidden_state,
        encoder=True,
    ),
    decoder(
        "Dinov2Model",
        (1, 3, 126, 126),
        lambda _: {
            "image_size": 56,
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
        },
        config="Dinov2Config",
        run=lambda model, x: model(x).last_hidden_state,
        encoder=True,
    ),
]
