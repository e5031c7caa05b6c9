"""Languages by their tags and by their English names: some servers know them by the one, some by the other."""

from __future__ import annotations

import re

_NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "ms": "Malay", "nb": "Norwegian",
    "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian",
    "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "th": "Thai",
    "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip

_TAGS = {name.lower(): tag for tag, name in reversed(_NAMES.items())}
_TAG = re.compile(r"([A-Za-z]{2,3})((?:-[A-Za-z0-9]{2,8})*)")


def tag_of(text: object) -> str | None:
    """The BCP 47 tag of `en_US`, `EN-us` or `English`; None of what is neither."""
    if not isinstance(text, str):
        return None
    if tag := _TAGS.get(text.strip().lower()):
        return tag
    found = _TAG.fullmatch(text.strip().replace("_", "-"))
    if found is None:
        return None
    parts = [part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part
             for part in found[2].split("-")[1:]]  # fmt: skip
    return "-".join([found[1].lower(), *parts])


def name_of(tag: str) -> str | None:
    """The English name of a tag's language."""
    return _NAMES.get(tag.replace("_", "-").split("-")[0].lower())
