"""QR symbols as rows of 0 and 1, for faces to draw."""

import segno


def qr_modules(text: str) -> list[str]:
    """Return the symbol of a text (ISO/IEC 18004, error correction M), without a quiet zone."""
    symbol = segno.make_qr(text, error="m")
    return ["".join("1" if dark else "0" for dark in row) for row in symbol.matrix]
