"""What the public may see of a child's name."""

import unicodedata

MASK = "***"
"""The same length for every word, so that the mask does not tell how long the name is."""


def mask_name(full_name: str) -> str:
    """Reduce every word to its first letter: "Nguyễn Thị Mẫu Ánh" → "N*** T*** M*** Á***".

    The first letter keeps its diacritics whichever way the name is composed (NFC, NFD).
    """
    return " ".join(word[0] + MASK for word in unicodedata.normalize("NFC", full_name).split())
