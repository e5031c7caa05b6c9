"""Languages as models name them: ISO 639-3, as Meta's MMS does, to BCP 47, which the service speaks."""

from __future__ import annotations

import re

SHORT: dict[str, str] = dict(
    re.findall(
        r"(\w+):(\w+)",
        """
        afr:af amh:am ara:ar arb:ar asm:as ava:av aym:ay azb:az azj:az aze:az bak:ba bel:be ben:bn bod:bo bos:bs bre:br
        bul:bg cat:ca ces:cs che:ce chv:cv cmn:zh cos:co cym:cy dan:da deu:de div:dv dzo:dz ell:el eng:en epo:eo
        est:et eus:eu ewe:ee fao:fo fas:fa pes:fa fij:fj fin:fi fra:fr fry:fy ful:ff gla:gd gle:ga glg:gl glv:gv grn:gn
        guj:gu hat:ht hau:ha heb:he her:hz hin:hi hrv:hr hun:hu hye:hy ibo:ig ind:id ina:ia isl:is ita:it jav:jv jpn:ja
        kal:kl kan:kn kas:ks kat:ka kaz:kk khm:km kik:ki kin:rw kir:ky kon:kg kor:ko kua:kj kur:ku kmr:ku lao:lo lat:la
        lav:lv lvs:lv lim:li lin:ln lit:lt ltz:lb lub:lu lug:lg mah:mh mal:ml mar:mr mkd:mk mlg:mg plt:mg mlt:mt mon:mn
        khk:mn mri:mi msa:ms zlm:ms zsm:ms mya:my nav:nv nbl:nr nde:nd ndo:ng nep:ne npi:ne nld:nl nno:nn nob:nb nor:no
        nya:ny oci:oc oji:oj ori:or ory:or orm:om gaz:om oss:os pan:pa pli:pi pol:pl por:pt pus:ps que:qu roh:rm ron:ro
        run:rn rus:ru sag:sg san:sa sin:si slk:sk slv:sl sme:se smo:sm sna:sn snd:sd som:so sot:st spa:es sqi:sq srd:sc
        srp:sr ssw:ss sun:su swa:sw swh:sw swe:sv tah:ty tam:ta tat:tt tel:te tgk:tg tgl:tl tha:th tir:ti ton:to tsn:tn
        tso:ts tuk:tk tur:tr twi:tw uig:ug ukr:uk urd:ur uzb:uz uzn:uz ven:ve vie:vi vol:vo wln:wa wol:wo xho:xh yid:yi
        yor:yo yue:yue zha:za zho:zh zul:zu
        """,
    )
)
"""Two letters where there are two; all other languages keep their three, as BCP 47 wants it."""

SCRIPTS = {
    "arabic": "Arab",
    "cyrillic": "Cyrl",
    "devanagari": "Deva",
    "latin": "Latn",
    "hans": "Hans",
    "hant": "Hant",
}

_CODE = re.compile(r"(?P<language>[a-z]{2,3})(?:[-_]script_(?P<script>[a-z]+)|[-_].*)?", re.IGNORECASE)
_MMS = re.compile(r"mms-tts-(?P<code>[a-z]{3}(?:-script_[a-z]+)?)", re.IGNORECASE)


def tag(code: object) -> str | None:
    """A BCP 47 tag from a code such as `deu`, `en` or `azj-script_cyrillic`; None when it is no code."""
    match = _CODE.fullmatch(code) if isinstance(code, str) else None
    if match is None:
        return None
    language = match["language"].lower()
    script = SCRIPTS.get((match["script"] or "").lower())
    return "-".join(filter(None, (SHORT.get(language, language), script)))


def tag_of_repository(name: str) -> str | None:
    """The language in the name of one of the MMS repositories: `facebook/mms-tts-deu`."""
    match = _MMS.search(name)
    return tag(match["code"]) if match else None
