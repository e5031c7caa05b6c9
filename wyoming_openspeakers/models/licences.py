"""What licences of models forbid, as far as their names tell."""

from __future__ import annotations

import re

UNKNOWN = "unknown"
"""What is told where nobody named a licence: it may forbid anything."""

_NON_COMMERCIAL = re.compile(
    r"""
    \bnc\b                       # CC-BY-NC-4.0 and its kin
    | non[\s_-]*commercial
    | \bresearch\b               # fish-audio-research-license, Mistral Research License
    | \bacademic\b
    | \bcpml\b | coqui-public    # Coqui Public Model License
    | \bnsclv1\b                 # NVIDIA Source Code License
    """,
    re.IGNORECASE | re.VERBOSE,
)


def forbids_commercial_use(licence: str) -> bool:
    """Whether a licence, by an id such as `cc-by-nc-4.0` or by its name, allows no use that earns money."""
    return _NON_COMMERCIAL.search(licence) is not None


def terms(licence: str, *, gated: bool | None) -> str:
    """A licence with what it forbids and asks for, in a few words: `cc-by-nc-4.0, non-commercial, gated`."""
    notes = ["non-commercial"] if forbids_commercial_use(licence) else []
    return ", ".join(filter(None, [licence or UNKNOWN, *notes, "gated" if gated else ""]))
