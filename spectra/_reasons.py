"""Reasons that one stage gives and a later one asks for."""

UNFELT = "touching its map did not change the output"
HOLDS_NAN = "the output holds NaN or infinite values"
