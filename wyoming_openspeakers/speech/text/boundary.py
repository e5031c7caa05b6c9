"""Whether a full stop ends a sentence."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEVER = _words(
    # titles
    "dr drs mr mrs ms prof st rev hon capt col gen lt sgt sr sra srta dra hr frl ing dipl mme mlle mgr pr sig dott "
    "dhr mevr mw inż"
    # words that something follows
    " bzw ca vs viz cf approx inkl exkl zzgl evtl ggf bspw sog vgl ex env resp pag "
    "pág aprox máx mín avda tél ej núm tel ul al np tzn tzw "
    "bijv mrd mio tsd z.b d.h u.a i.d.r o.ä e.g i.e p.ex p.ej p.es b.v d.w.z m.a.w t.ex tj t.j f.eks bl.a"
)
_NEVER_BEFORE_DIGIT = _words(
    "no nr nos n p pp s art abs kap fig abb vol ch sec eq num v ver rev bd str min std sek sec hrs apt ste ext "
    "jan feb mar mär apr jun jul aug sep sept okt oct nov dez dec "
    "janv févr avr juil ene abr ago dic gen mag giu lug set ott mrt"
)
_WEEKDAYS = _words(
    "mon tue wed thu fri sat sun mo di mi do fr sa so lun mar mer jeu ven sam dim mié jue vie sáb dom gio sab "
    "ma wo vr za zo seg ter qua qui sex"
)
"""Something follows them, be it `24.11.` or `bis`; a capital letter after them begins a sentence."""

_NEVER_BEFORE_LOWER = _words(
    "etc usw usf u.s.w inc ltd co corp jr a.m p.m min max std sek sec hrs hr est dept ave blvd rd str km"
)
_ORDINAL_AFTER = _words(
    "am im vom zum zur beim der die das den dem des ein eine einen einem einer eines seit ab bis ins dein mein sein "
    "ihr unser jeder jeden jedem jedes jede montag dienstag mittwoch donnerstag freitag samstag sonntag und"
)
_MONTHS = (
    "januar", "jänner", "februar", "märz", "april", "mai", "juni", "juli", "august",
    "september", "oktober", "november", "dezember",
)  # fmt: skip
_MONTH_SHORT = re.compile(r"(?:jan|feb|mär|mrz|apr|jun|jul|aug|sept?|okt|nov|dez)\b")
_LONGEST_MONTH = max(map(len, _MONTHS))

_LAST_WORD = re.compile(r"([^\s(\[\"“„«'’]*)\Z")
_WORD_BEFORE_NUMBER = re.compile(r"(\w*)[,]?\s+\S*\Z")
_SMALL_NUMBER = re.compile(r"\d{1,2}\Z")
_DATE = re.compile(r"\d{1,2}\.\d{1,2}\Z")
_INITIALS = re.compile(r"(?:\w\.)*[^\W\d_]\Z")
_UNIT = re.compile(r"\d\s[hmslgWVACF]\Z")
_LONGEST_UNIT = 3
_QUOTE = frozenset("\"”’»'“")


def ends_sentence(before: str, stop: str, after: str, final: bool) -> bool | None:
    """Decide whether `stop`, full stops and the like with closing quotes and brackets, ends a sentence.

    `before` is the sentence so far, `after` what follows as far as it is known. Returns None when the decision needs
    more of it, which never happens when `final`: then nothing follows. Wrongly joining two sentences costs a pause,
    wrongly cutting one costs its melody, so what is unclear is joined.
    """
    if not after:
        return True if final else None
    mark = stop[0]
    if not after[0].isspace():
        return mark in "!?" and after[0].isupper() and before[-1:].islower()
    following = after.lstrip()
    if not following and "\n" in after:
        return True
    if before.count("«") > before.count("»") and "»" not in stop and (not following or following[0] == "»"):
        return (True if final else None) if not following else False
    if mark in "!?" or stop.rstrip("\"”’»'“)]}")[-1:] in "!?":
        return _unless_lower(following, final) if _QUOTE & set(stop) else True
    if mark == "…" or stop.startswith(".."):
        return _unless_lower(following, final)
    word = _last_word(before)
    if not word:
        return True
    if (decision := _after_word(before, word, following, final)) is not True:
        return decision
    return _unless_lower(following, final) if _QUOTE & set(stop) else True


def _after_word(before: str, word: str, following: str, final: bool) -> bool | None:
    lower = word.lower()
    if (lower in _NEVER_BEFORE_LOWER and lower not in _NEVER_BEFORE_DIGIT) or _DATE.match(word):
        return _unless_lower(following, final)
    if lower in _NEVER or (_INITIALS.match(word) and not _UNIT.search(before[-_LONGEST_UNIT:])):
        return not following and final
    if _SMALL_NUMBER.match(word):
        return _after_number(before, word, following, final)
    if lower in _NEVER_BEFORE_DIGIT or lower in _WEEKDAYS:
        if not following:
            return True if final else None
        needs_lower = lower in _WEEKDAYS or lower in _NEVER_BEFORE_LOWER
        return not (following[0].isdigit() or (needs_lower and following[0].islower()))
    return True


def _after_number(before: str, number: str, following: str, final: bool) -> bool | None:
    """Tell "am 3. Mai" and a list's "3. Butter" from "there are 3. Next"."""
    if before.strip() == number:
        return not following and final
    preceding = _WORD_BEFORE_NUMBER.search(before)
    if preceding and preceding.group(1).lower() in _ORDINAL_AFTER:
        return not following and final
    if not following:
        return True if final else None
    if not following[0].isupper():
        return following[0].isdigit() or following[0] in "\"“„«¿¡('"
    start = following[:_LONGEST_MONTH].lower()
    if any(start.startswith(month) for month in _MONTHS):
        return False
    if _MONTH_SHORT.match(start) and (final or not start.isalpha()):
        return False
    if not final and start.isalpha() and any(month.startswith(start) for month in _MONTHS):
        return None
    return True


def _unless_lower(following: str, final: bool) -> bool | None:
    if not following:
        return True if final else None
    return not following[0].islower()


def _last_word(before: str) -> str:
    found = _LAST_WORD.search(before[-40:])
    return found.group(1) if found else ""
