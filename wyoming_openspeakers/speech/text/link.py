"""Links, addresses and tags inside a line: where they end and what is said for them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

_LABEL_CAP = 500
_URL_CAP = 2048
_TAG_CAP = 500
_ENTITY_CAP = 34

_NESTED = r"!?\[[^\[\]\n]*+\](?:\([^()\n]*+\))?+"
_LABEL = rf"!?\[((?:[^\[\]\n\\!]|\\.|{_NESTED}|!(?!\[))*+)"
_TARGET = r"\((?:[^()\n]|\([^()\n]*+\))*+"
_LINK = re.compile(rf"{_LABEL}\](?:{_TARGET}\)|\[[^\[\]\n]*+\])")
_PLAIN_LABEL = re.compile(rf"{_LABEL}\][^(\[]", re.DOTALL)
_LINK_SO_FAR = re.compile(
    rf"{_LABEL}(?:\](?:{_TARGET}(?:\([^()\n]*)?|\[[^\[\]\n]*)?|\\|!|!?\[[^\[\]\n]*(?:\](?:\([^()\n]*)?)?)?\Z"
)
_LABEL_END = re.compile(r"\][(\[]")
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]{1,40}\]")

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)(?:[\s/][^<>\n]*)?>")
_AUTOLINK = re.compile(r"<((?:[A-Za-z][A-Za-z0-9+.-]{1,30}:|[^\s<>@]+@)[^\s<>]*)>")
_TAG_SO_FAR = re.compile(r"<(?:/?(?:[A-Za-z][^<>\n]*)?|!-?)\Z")

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_ENTITY_SO_FAR = re.compile(r"&(?:#(?:\d{0,7}|[xX][0-9a-fA-F]{0,6})|[A-Za-z][A-Za-z0-9]{0,30})?\Z")

_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"`{}|\\^\[\]，。、；！？「」（）]*", re.IGNORECASE)
_HOST = re.compile(r"(?:mailto:)?(?:[a-z][a-z0-9+.-]*://)?(?:[^/?#@\s]*@)?(?:www\.)?([^/:?#\s]*)", re.IGNORECASE)


@dataclass(frozen=True)
class Inline:
    """Something inside a line that is complete."""

    end: int
    text: str = ""
    """What to go on with in its place."""

    tag: str = ""
    """The name of an HTML tag, in lower case, with a slash before it when it closes."""


def host(url: str) -> str:
    """Name what a person would say for a web address: its host without www."""
    found = _HOST.match(url)
    return found.group(1) if found else ""


def read_url(buffer: str, start: int, final: bool) -> Inline | None:
    """Read a bare web address; None when it may go on."""
    found = _URL.match(buffer, start, start + _URL_CAP)
    if found is None:
        return Inline(start + 1, buffer[start])
    if found.end() == len(buffer) and not final and found.end() - start < _URL_CAP:
        return None
    url = found.group().rstrip(".,;:!?'*_~")
    while url.endswith(")") and url.count(")") > url.count("("):
        url = url[:-1].rstrip(".,;:!?'*_~")
    return Inline(start + len(url), host(url))


def read_link(buffer: str, start: int, final: bool) -> Inline | None:
    """Read a link, an image or a footnote's mark; None when it is not complete, no text when it is neither."""
    if note := _FOOTNOTE.match(buffer, start):
        return Inline(note.end())
    if len(buffer) - start >= _LABEL_CAP and not _LABEL_END.search(buffer, start, start + _LABEL_CAP):
        return Inline(start)
    if link := _LINK.match(buffer, start, start + _LABEL_CAP + _URL_CAP):
        return Inline(link.end(), link.group(1))
    if final or len(buffer) - start >= _LABEL_CAP + _URL_CAP or _PLAIN_LABEL.match(buffer, start):
        return Inline(start)
    return None if _LINK_SO_FAR.match(buffer, start) else Inline(start)


def read_tag(buffer: str, start: int, final: bool) -> Inline | None:
    """Read an HTML tag, the start of a comment or an address in angle brackets; as `read_link`."""
    if buffer.startswith("<!--", start):
        return Inline(start + 4, tag="!--")
    if tag := _TAG.match(buffer, start, start + _TAG_CAP):
        return Inline(tag.end(), tag=(tag.group(1) + tag.group(2)).lower())
    if link := _AUTOLINK.match(buffer, start, start + _TAG_CAP):
        address = link.group(1)
        return Inline(link.end(), address.removeprefix("mailto:") if "@" in address else host(address))
    if final or len(buffer) - start >= _TAG_CAP:
        return Inline(start)
    return None if _TAG_SO_FAR.match(buffer, start) else Inline(start)


def read_entity(buffer: str, start: int, final: bool) -> Inline | None:
    """Read a character reference such as `&amp;`; as `read_link`."""
    if entity := _ENTITY.match(buffer, start):
        return Inline(entity.end(), html.unescape(entity.group()))
    if final or len(buffer) - start >= _ENTITY_CAP:
        return Inline(start)
    return None if _ENTITY_SO_FAR.match(buffer, start) else Inline(start)
