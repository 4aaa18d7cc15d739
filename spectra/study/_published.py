"""What is known of the paper's own numbers, topic by topic, and what ours must not be read as.

The paper's tables were not read. What stands here is from the authors' public result files and
sibling papers, read on 2026-11: files ``cvpr_rebuttal_convnext.csv`` and ``..._segpgd.csv`` of
``shashankskagnihotri/semseg`` (mIoU, PASCAL VOC, U-Net with ConvNeXt-T), Table 15 of CosPGD
(GoPro), and parameter counts that follow from the definitions.
"""

from __future__ import annotations

from spectra.study._table import Table

TOPICS = Table(
    "The paper's tables by topic, beside ours",
    ("topic", "known of theirs", "ours"),
    (
        (
            "restoration, pixel shuffle, PGD-5, 10, 20",
            "NAFNet on GoPro: 32.87 dB clean; 10.27, 8.66, 5.95 dB (Table 15 of CosPGD). With "
            "LCTC: not obtained",
            "nafnet, restormer: PSNR under pgd-5, 10, 20",
        ),
        (
            "restoration, CosPGD",
            "NAFNet 8.67, 6.68, 5.81 dB; Restormer as under PGD to .05 dB",
            "under cospgd-5, 10, 20: as under PGD, as its weights are near 1 on pictures",
        ),
        (
            "H1 in segmentation",
            "upsampling kernel 5 to 17, mIoU: clean .717 to .714, FGSM .15 .454 to .463, SegPGD-20 "
            ".137 to .156, SegPGD-100 .101 to .110",
            "unet: mIoU under fgsm and segpgd",
        ),
        (
            "H2: large kernels in the block",
            "block 3x3 to ConvNeXt 7 at upsampling 5 to 17, mIoU under SegPGD-20: .137 to .079, "
            ".148 to .093, .151 to .083, .156 to .083; block of 11+3: .079 to .099",
            "nafnet: transposed 3x3, blocks of 11+3",
        ),
        (
            "adversarial training",
            "NAFNet, pixel shuffle, half of each batch FGSM: 29.91 dB clean; PGD 15.76, 13.91, "
            "12.73 dB",
            "nafnet-adversarial",
        ),
        (
            "dense against grouped kernels",
            "never apart in the public code: kernels above 2x2 are grouped, the 2x2 is dense",
            "nafnet-grouped beside nafnet",
        ),
        (
            "equal parameters",
            "Restormer's pixel shuffle 3,483,648 against 39,648 of LCTC 7+3: LCTC has fewer",
            "nafnet-equal: about 100,000 each",
        ),
        ("start from a sinc", "none", "nafnet-sinc"),
        ("disparity, EPE and 3px", "STTR-light: not obtained", "sttr"),
        ("ViT decoder", "not found", "vit"),
        ("kernels above 11, other encoders", "up to 31+5; ResNet, SLaK", "not run"),
    ),
)
CAUTIONS = (
    "These are networks of 20,000 to 100,000 parameters trained for minutes; nothing here says "
    "what the published ones do after days.",
    "An effect of the authors' size in segmentation, one to two points of mIoU, is as large as the "
    "spread of their own rows (.002 to .024): a single pair of networks shows neither it nor its "
    "absence.",
    "Robust means here: under this attack, of this many steps. SegPGD, CosPGD and PGD overestimate "
    "robustness against stronger ones.",
    "A network that changes its input little is hard to attack and restores little: read PSNR "
    "under attack beside PSNR on clean inputs and at matched clean quality.",
    "A difference that is not told is not shown to be zero: its interval says how large it could "
    "be.",
)
