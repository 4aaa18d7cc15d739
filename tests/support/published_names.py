"""Names and shapes of the weights in published files, from the architectures' descriptions alone.

Written independently of `spectra.models`: what differs is a mistake in one of the two.
"""


def conv(name, outputs, inputs, size=1, *, bias=True, groups=1):
    named = {f"{name}.weight": (outputs, inputs // groups, size, size)}
    return named | ({f"{name}.bias": (outputs,)} if bias else {})


def affine(name, channels, *, bias=True):
    return {f"{name}.weight": (channels,)} | ({f"{name}.bias": (channels,)} if bias else {})


def normalised(name, channels):
    """Return what a batch normalisation saves."""
    more = {f"{name}.running_mean": (channels,), f"{name}.running_var": (channels,)}
    return affine(name, channels) | more | {f"{name}.num_batches_tracked": ()}


def nafnet_block(name, c, baseline):
    wide = c if baseline else 2 * c
    named = affine(f"{name}.norm1", c) | affine(f"{name}.norm2", c)
    named |= {f"{name}.beta": (1, c, 1, 1), f"{name}.gamma": (1, c, 1, 1)}
    named |= conv(f"{name}.conv1", wide, c) | conv(f"{name}.conv2", wide, wide, 3, groups=wide)
    named |= conv(f"{name}.conv3", c, c) | conv(f"{name}.conv4", 2 * c, c)
    named |= conv(f"{name}.conv5", c, 2 * c if baseline else c)
    if baseline:
        return named | conv(f"{name}.se.1", c // 2, c) | conv(f"{name}.se.3", c, c // 2)
    return named | conv(f"{name}.sca.1", c, c)


def nafnet(width, encoder, middle, decoder, *, baseline=False):
    levels = len(encoder)
    named = conv("intro", width, 3, 3) | conv("ending", 3, width, 3)
    for level, count in enumerate(encoder):
        c = width * 2**level
        named |= conv(f"downs.{level}", 2 * c, c, 2)
        for i in range(count):
            named |= nafnet_block(f"encoders.{level}.{i}", c, baseline)
    for i in range(middle):
        named |= nafnet_block(f"middle_blks.{i}", width * 2**levels, baseline)
    for level, count in enumerate(decoder):
        c = width * 2 ** (levels - level)
        named |= conv(f"ups.{level}.0", 2 * c, c, bias=False)
        for i in range(count):
            named |= nafnet_block(f"decoders.{level}.{i}", c // 2, baseline)
    return named


def restormer_block(name, c, heads, bias):
    hidden = int(2.66 * c)
    named = affine(f"{name}.norm1.body", c, bias=bias) | affine(f"{name}.norm2.body", c, bias=bias)
    named |= {f"{name}.attn.temperature": (heads, 1, 1)}
    bare = {"bias": False}
    named |= conv(f"{name}.attn.qkv", 3 * c, c, **bare)
    named |= conv(f"{name}.attn.qkv_dwconv", 3 * c, 3 * c, 3, groups=3 * c, **bare)
    named |= conv(f"{name}.attn.project_out", c, c, **bare)
    named |= conv(f"{name}.ffn.project_in", 2 * hidden, c, **bare)
    named |= conv(f"{name}.ffn.dwconv", 2 * hidden, 2 * hidden, 3, groups=2 * hidden, **bare)
    return named | conv(f"{name}.ffn.project_out", c, hidden, **bare)


def restormer(dim=48, *, blocks=(4, 6, 6, 8), refinement=4, inputs=3, outputs=3, bias=True):
    places = [
        ("encoder_level1", dim, 1, blocks[0]),
        ("encoder_level2", 2 * dim, 2, blocks[1]),
        ("encoder_level3", 4 * dim, 4, blocks[2]),
        ("latent", 8 * dim, 8, blocks[3]),
        ("decoder_level3", 4 * dim, 4, blocks[2]),
        ("decoder_level2", 2 * dim, 2, blocks[1]),
        ("decoder_level1", 2 * dim, 1, blocks[0]),
        ("refinement", 2 * dim, 1, refinement),
    ]
    bare = {"bias": False}
    named = conv("patch_embed.proj", dim, inputs, 3, **bare)
    named |= conv("output", outputs, 2 * dim, 3, **bare)
    for name, c, heads, count in places:
        for i in range(count):
            named |= restormer_block(f"{name}.{i}", c, heads, bias)
    for level in (1, 2, 3):
        c = dim * 2 ** (level - 1)
        named |= conv(f"down{level}_{level + 1}.body.0", c // 2, c, 3, **bare)
        named |= conv(f"up{level + 1}_{level}.body.0", 4 * c, 2 * c, 3, **bare)
        if level > 1:
            named |= conv(f"reduce_chan_level{level}", c, 2 * c, **bare)
    return named if inputs == outputs else named | conv("skip_conv", 2 * dim, dim, **bare)


def sttr_light(w=16, layers=6):
    named, tokens = {}, 8 * w
    for i, (o, c) in enumerate(((w, 3), (w, w), (2 * w, w))):
        named |= conv(f"backbone.in_conv.{3 * i}", o, c, 3, bias=False)
        named |= normalised(f"backbone.in_conv.{3 * i + 1}", o)
    for number, o in ((1, 4 * w), (2, 8 * w)):
        for i in range(3):
            name, c = f"backbone.resblock_{number}.{i}", o if i else o // 2
            named |= conv(f"{name}.conv1", o, c, 3, bias=False) | normalised(f"{name}.bn1", o)
            named |= conv(f"{name}.conv2", o, o, 3, bias=False) | normalised(f"{name}.bn2", o)
            if i == 0:
                named |= conv(f"{name}.downsample.0", o, c, bias=False)
                named |= normalised(f"{name}.downsample.1", o)
    for i in range(1, 5):
        named |= conv(f"backbone.branch{i}.1", 2 * w, 8 * w, bias=False)
        named |= normalised(f"backbone.branch{i}.2", 2 * w)
    named |= dense("tokenizer.bottle_neck", 8 * w, w)
    for i, beside in enumerate((8 * w, 4 * w)):
        named |= conv(f"tokenizer.up.{i}.convTrans", 4 * w, 4 * w, 3)
        named |= dense(f"tokenizer.dense_block.{i}", 4 * w + beside, w)
    for i in range(layers):
        for kind, norms in (("self", 1), ("cross", 2)):
            name = f"transformer.{kind}_attn_layers.{i}"
            named |= {f"{name}.{kind}_attn.in_proj_weight": (3 * tokens, tokens)}
            named |= {f"{name}.{kind}_attn.in_proj_bias": (3 * tokens,)}
            named |= {f"{name}.{kind}_attn.out_proj.weight": (tokens, tokens)}
            named |= {f"{name}.{kind}_attn.out_proj.bias": (tokens,)}
            for n in range(norms):
                named |= affine(f"{name}.norm{n + 1}", tokens)
    named |= affine("transformer.norm", tokens)
    return named | adjustment("regression_head", w)


def dense(name, c, growth):
    named = {}
    for i in range(1, 5):
        layer = f"{name}.denselayer{i}"
        named |= normalised(f"{layer}.norm1", c) | normalised(f"{layer}.norm2", 4 * growth)
        named |= conv(f"{layer}.conv1", 4 * growth, c, bias=False)
        named |= conv(f"{layer}.conv2", growth, 4 * growth, 3, bias=False)
        c += growth
    return named


def adjustment(name, w):
    named = {f"{name}.phi": ()}
    named |= conv(f"{name}.cal.in_conv", w, 4, 3) | conv(f"{name}.cal.out_conv", 1, w, 3)
    for i in range(8):
        named |= weight_normed(f"{name}.cal.layers.{i}.module.0", 4 * w, w + 1)
        named |= weight_normed(f"{name}.cal.layers.{i}.module.2", w, 4 * w)
    for i, c in ((0, 4), (1, w), (3, w), (4, w)):
        named |= weight_normed(f"{name}.cal.occ_head.{i}", w, c)
    return named | conv(f"{name}.cal.occ_head.6", 1, w, 3)


def weight_normed(name, outputs, inputs):
    return {
        f"{name}.weight_g": (outputs, 1, 1, 1),
        f"{name}.weight_v": (outputs, inputs, 3, 3),
        f"{name}.bias": (outputs,),
    }
