"""Emoji out of text that is going to be spoken."""

from __future__ import annotations

import re

_PICTURES = (
    "\U0001f000-\U0001faff"  # pictographs, flags' letters, skin tones, enclosed letters
    "\u2600-\u2775\u2794-\u27bf"  # symbols and dingbats, less the circled digits
    "\u231a\u231b\u2328\u23cf\u23e9-\u23fa\u25a0-\u25ff\u2b00-\u2bff\u3030\u303d\u3297\u3299"
)
_EMOJI = re.compile(
    "[0-9#*]\ufe0f?\u20e3"  # keycaps
    "|[\u2190-\u21ff\u2934\u2935\u203c\u2049]\ufe0f"  # symbols of text that ask to be shown as pictures
    "|ℹ\ufe0f"
    f"|[{_PICTURES}][{_PICTURES}\u200d\ufe0f\u20e3\U000e0020-\U000e007f♀♂]*"
)
_LEFTOVERS = re.compile("[\ufe0e\ufe0f\u20e3\U000e0020-\U000e007f]")


def strip_emoji(text: str) -> str:
    """Put one blank where emoji were; symbols that belong to text, such as °, © and ™, stay."""
    if text.isascii():
        return text
    return _LEFTOVERS.sub("", _EMOJI.sub(" ", text))
