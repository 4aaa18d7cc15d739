"""The results as a page of Markdown."""

from __future__ import annotations

INTRODUCTION = """# Pictures without a model: what is told of pictures of known history

Measured by `python -m benchmarks.images` on photographs halved by area (Kodak 2, 4, 6, 7, 9, 10,
11, 12 and scikit-image's motorcycle, where they are large enough) and on dead leaves with grain;
none of these pictures and seeds was used while constants were chosen. A cell counts pictures:
*found* (verdict present), *period* right, *cause* right among those named, and *alone*: named by
itself. *peak* and *Synthbuster*: second opinions, the highest bin of the whole spectrum and the
harmonics of 1/8 of the cross difference, each at a threshold that 1 of 100 clean scenes exceeds.
"""


FAILS = """## What fails

- Reductions with a smooth kernel leave little: by 3/4 with Lanczos nothing at 256 px.
- Pictures of 128 px have few strips: enlargements by 5/4, faint patterns and tiles are missed, JPEG
  98 nearly always, demosaicing that follows gradients mostly.
- Tiles of 32 px that differ by 2 grey levels need 512 px, tiles of 64 px more than that.
- JPEG that was enlarged is told by the enlargement's period, and mostly as a decoder; an
  enlargement under a later JPEG is told as JPEG.
- An even decoder and an interpolation are told apart by nothing: both are named.
- Periodic scenes on whole pixels are grids: one facade or brick wall in ten is named as patches,
  tiles or unknown.
"""


def page(cells, nulls, times, made, *, many, sizes, groups, trials):
    """Return the page."""
    parts = [INTRODUCTION, _nulls(nulls, trials)]
    for side in sizes:
        held = {kind: cell for (kind, size), cell in cells.items() if size == side}
        parts.append(_singles(side, held))
    parts.append(_grouped({k: c for (k, s), c in cells.items() if s == 256}, groups))
    parts += [_many(many), _published(made), FAILS, _speed(times)]
    return "\n".join(parts)


def _nulls(nulls, trials):
    rows = [
        f"| {name} | {cell['present']} | {cell['suspect']} | {', '.join(cell['named']) or '-'} |"
        for name, cell in nulls.items()
    ]
    return "\n".join(
        [
            "## False alarms",
            "",
            f"Of {trials} pictures each, none of which has a grid; 1 is expected where chance",
            "alone alarms. *suspect* is no alarm: it says that the scene may be what repeats.",
            "Lines of text, windows and bricks do repeat, some of them on whole pixels.",
            "",
            "| scene | present | suspect | named |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _singles(side, held):
    rows = []
    for kind, cell in held.items():
        single, opinions = cell["single"], cell.get("opinions", {})
        right = kind != "clean"
        rows.append(
            f"| {kind} | {cell['number']} | {single['present']} | {single['suspect']} "
            f"| {single['period'] if right else '-'} | {single['cause'] if right else '-'} "
            f"| {single['alone'] if right else '-'} | {opinions.get('peak', '-')} "
            f"| {opinions.get('synthbuster', '-')} |"
        )
    return "\n".join(
        [
            f"## Single pictures of about {side} px",
            "",
            "| kind | of | found | suspect | period | cause | alone | peak | Synthbuster |",
            "|---|---|---|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _grouped(held, groups):
    rows = []
    for kind, cell in held.items():
        texts = [f"{cell['single']['present']} of {cell['number']}"]
        for group in groups:
            part = cell[str(group)]
            texts.append(f"{part['present']}, {part['period']}, {part['cause']} of {part['of']}")
        rows.append(f"| {kind} | {' | '.join(texts)} |")
    titles = " | ".join(f"{group} together: found, period, cause" for group in groups)
    return "\n".join(
        [
            "## Several pictures of 256 px together",
            "",
            f"| kind | alone: found | {titles} |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _many(many):
    rows = [
        f"| {kind} | {cell['of']} | {cell['single']['present']} "
        f"| {'yes' if cell['together']['present'] else 'no'} "
        f"| {_right(cell, 'period') if kind != 'clean' else '-'} "
        f"| {', '.join(cell['named']) or '-'} |"
        for kind, cell in many.items()
    ]
    return "\n".join(
        [
            "## Many pictures of 256 px together",
            "",
            "Kinds that few pictures show by themselves, and clean ones.",
            "",
            "| kind | pictures | found alone | found together | period right | named |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _right(cell, what):
    return "yes" if cell["together"][what] else "no"


def _published(made):
    rows = [
        f"| {name} | {cell.get('steps', '')} | {cell['present']} of {cell['of']} | {cell['said']} |"
        for name, cell in made.items()
    ]
    return "\n".join(
        [
            "## Outputs of published decoders",
            "",
            "Their luma or RGB as they give it, from 0.1 % to 99.9 % of its values, in 8 bits.",
            "",
            "| decoder | steps | found | told for |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _speed(times):
    rows = [f"| {name} | {ratio:.1f} |" for name, ratio in times.items()]
    return "\n".join(
        [
            "## Speed",
            "",
            "Over the time of decoding the same picture of 512x512 from PNG, one thread.",
            "",
            "| what | ratio |",
            "|---|---|",
            *rows,
            "",
        ]
    )
