"""Digits that are no quantity: codes, telephone numbers, addresses and versions."""

from __future__ import annotations

import re

from .rule import Rule, rule
from .speech import Speech

_ALONE = r"(?<![\w.,:/])"


def rules(speech: Speech) -> list[Rule]:
    """Rules for codes."""
    language, words = speech.language, speech.words
    found: list[Rule] = []

    def phone(match: re.Match[str]) -> str | None:
        groups = re.findall("[0-9]+", match[0])
        if sum(map(len, groups)) < 7 or not (match[0][0] in "+(" or groups[0][0] == "0" or "-" in match[0]):
            return None
        spoken = [
            words.digits(group) if language.octets_by_digit or len(group) > 2 else words.whole(group)
            for group in groups
        ]
        plus = f"{language.plus} " if match[0][0] == "+" else ""
        return plus + ", ".join(spoken)

    def known_phone(match: re.Match[str]) -> str:
        return ", ".join(words.digits(group) if len(group) > 2 else words.whole(group) for group in match[0].split(" "))

    def address(match: re.Match[str]) -> str | None:
        octets = match["octets"].split(".")
        if any(int(octet) > 255 or (len(octet) > 1 and octet[0] == "0") for octet in octets):
            return None
        read = words.digits if language.octets_by_digit else words.whole
        spoken = f" {language.dot} ".join(read(octet) if len(octet) == 3 else words.whole(octet) for octet in octets)
        return f"{spoken}, {words.digits(match['port'])}" if match["port"] else spoken

    def version(match: re.Match[str]) -> str | None:
        parts = match["version"].split(".")
        groups = match.groupdict()
        if groups.get("before") is None and groups.get("v") is None and speech.parse(match["version"]) is not None:
            return None
        if parts[0][0] == "0" and len(parts[0]) == 2 and len(parts) == 5:
            return phone(match)
        spoken = f" {language.point} ".join(
            words.year(int(part)) if len(part) == 4 and part[0] in "12" else words.whole(part) for part in parts
        )
        lead = f"{language.words['v']} " if groups.get("v") else ""
        return (groups.get("before") or "") + lead + spoken

    if language.code_after:
        found.append(
            rule(
                rf"(?P<before>\b(?:{language.code_after})(?::|\b)[^\w\n]?(?: ?(?:is|ist|est|es|lautet|nummer|"
                rf"number|numéro|número) )? ?)(?P<code>[0-9]{{3,}}+)(?![\w°%]|[.,:/-][0-9])",
                lambda match: match["before"] + words.digits(match["code"]),
            )
        )
    if language.dot:
        found.append(
            rule(
                rf"{_ALONE}(?P<octets>[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}})(?::(?P<port>[0-9]{{2,5}}))?(?![\w.:]*[0-9])",
                address,
            )
        )
    if language.point:
        found.append(
            rule(
                rf"{_ALONE}(?P<v>(?:[vV]ersion )?[vV])(?P<version>[0-9]{{1,8}}(?:\.[0-9]{{1,8}}){{0,5}})(?!\w|\.[0-9])",
                version,
            )
        )
        found.append(rule(rf"{_ALONE}(?P<version>[0-9]{{1,8}}(?:\.[0-9]{{1,8}}){{2,5}})(?!\w|[.,:/-][0-9])", version))
        found.append(
            rule(
                rf"(?P<before>\b(?:{language.version_after}) )(?P<version>[0-9]{{1,8}}\.[0-9]{{1,8}})"
                rf"(?![\w%°]|[.,:/-][0-9]| ?[°%])",
                version,
            )
        )
    if language.phones:
        found.append(rule(rf"(?<![\w.,:/+-])(?<![0-9] )(?:{language.phones})(?!\w| ?[0-9]|[.,:/-][0-9])", known_phone))
    found.append(rule(r"(?<![\w.,:/-])\(?\+?[0-9]{1,4}\)?(?:[ /-]\(?[0-9]{2,8}\)?){1,6}(?![\w]|[.,:/-][0-9])", phone))
    return found
