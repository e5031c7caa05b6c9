"""What a voice says to be heard, by language."""

from __future__ import annotations

from ....models.languages import primary

_SENTENCES = {
    "de": "Guten Tag! So klinge ich, wenn ich euch sage, wie das Wetter wird.",
    "en": "Hello! This is how I sound when I tell you what the weather will be like.",
    "es": "¡Hola! Así sueno cuando os digo qué tiempo va a hacer.",
    "fr": "Bonjour ! Voilà comment je parle quand je vous annonce le temps qu'il fera.",
    "it": "Ciao! Ecco come parlo quando vi dico che tempo farà.",
    "ja": "こんにちは。天気をお伝えするときは、こんな声です。",
    "nl": "Hallo! Zo klink ik als ik jullie vertel wat voor weer het wordt.",
    "pl": "Dzień dobry! Tak brzmię, kiedy mówię, jaka będzie pogoda.",
    "pt": "Olá! É assim que eu falo quando digo como vai ficar o tempo.",
    "ru": "Здравствуйте! Вот так я звучу, когда рассказываю, какая будет погода.",
    "zh": "你好！我给大家播报天气的时候，就是这样的声音。",
}


def sentence_in(language: str) -> str:
    """A sentence in a language; in English where there is none."""
    return _SENTENCES.get(primary(language), _SENTENCES["en"])
