"""The lines of a request: words, in which voice, how fast and after which pause."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from fault_models import fault_registry

from wyoming_openspeakers.config import Config, load_config
from wyoming_openspeakers.errors import Timeout, UnknownVoice
from wyoming_openspeakers.events import EventBus
from wyoming_openspeakers.models.manager import ModelManager
from wyoming_openspeakers.models.registry import ModelEntry, Registry, RegistryFile
from wyoming_openspeakers.speech.choose import VoiceChooser
from wyoming_openspeakers.speech.request import SpeechRequest, TextFeed
from wyoming_openspeakers.speech.script import Line, Script
from wyoming_openspeakers.speech.speakable import Speakable

GERMAN = "Guten Morgen, das Wetter ist heute wunderbar und die Sonne scheint."
HOUSE = fault_registry(english={"languages": ["en-US"]}, german={"languages": ["de-DE"]})
SSML = SpeechRequest(ssml=True)


def script(
    text: str | TextFeed, request: SpeechRequest | None = None, registry: Registry = HOUSE, **flags: Any
) -> Script:
    config: Config = load_config(flags={name.replace("__", "."): value for name, value in flags.items()})
    manager = ModelManager(registry, config, EventBus())
    chooser = VoiceChooser(config.voice, config.text)
    return Script(request or SpeechRequest(), text, config, manager, chooser, Speakable(config.text))


async def lines(
    text: str | TextFeed, request: SpeechRequest | None = None, registry: Registry = HOUSE, **flags: Any
) -> list[Line]:
    made = script(text, request, registry, **flags)
    found = [line async for line in made.lines(lambda: 0.0)]
    assert made.voice.done()
    return found


def feed_of(*pieces: str, close: bool = True) -> TextFeed:
    feed = TextFeed(100_000)
    for piece in pieces:
        feed.put(piece)
    if close:
        feed.close()
    return feed


async def test_a_line_is_in_words_and_tells_how_much_text_it_is() -> None:
    (line,) = await lines("It is 5 km away.")
    assert (line.words, line.written, line.language) == ("It is five kilometers away.", 16, "en-US")
    assert (line.speed, line.pause_before) == (1.0, 0.0)


async def test_the_language_of_the_whole_text_chooses_the_voice() -> None:
    spoken = await lines(f"OK. {GERMAN} 5 km.")
    assert {line.voice.model for line in spoken} == {"german"}
    assert spoken[-1].words == "fünf Kilometer."


async def test_a_stream_is_decided_by_its_first_sentence_and_stays() -> None:
    spoken = await lines(feed_of(f"{GERMAN} ", "The weather is wonderful and the sun is shining today."))
    assert [line.voice.model for line in spoken] == ["german", "german"]


async def test_the_voice_is_known_before_the_first_text_where_that_is_possible() -> None:
    waiting = script(feed_of(close=False), SpeechRequest(voice="german"))
    first = asyncio.ensure_future(anext(waiting.lines(lambda: 0.0)))
    assert (await asyncio.wait_for(waiting.voice, 1)).model == "german"
    assert not first.done()
    first.cancel()


async def test_the_voice_of_ssml_is_known_before_its_text_too() -> None:
    waiting = script(feed_of("<speak>", close=False), SpeechRequest(voice="german", ssml=True))
    first = asyncio.ensure_future(anext(waiting.lines(lambda: 0.0)))
    assert (await asyncio.wait_for(waiting.voice, 1)).model == "german"
    first.cancel()


@pytest.mark.parametrize("text", ["", "**", "🎉"])
async def test_nothing_to_say_still_has_a_voice(text: str) -> None:
    for source in (text, feed_of(text)):
        made = script(source)
        assert not [line async for line in made.lines(lambda: 0.0)]
        assert made.voice.result().model == "english"


async def test_an_unknown_voice_ends_a_stream_before_its_text() -> None:
    made = script(feed_of(close=False), SpeechRequest(voice="gone"))
    with pytest.raises(UnknownVoice):
        await asyncio.wait_for(anext(made.lines(lambda: 0.0)), 2)


async def test_the_first_line_is_cut_at_a_clause_for_a_model_that_wants_it() -> None:
    entry = ModelEntry(engine="faults.engine", voice="plain", first_segment=40)
    registry = Registry(RegistryFile(models={"slow": entry}), [Path("/nonexistent")], Path("/nonexistent"))
    text = "When the rain is over, we will go out for a long walk. When it comes again, we will all stay in."
    spoken = [line.words for line in await lines(text, registry=registry)]
    assert spoken == [
        "When the rain is over,",
        "we will go out for a long walk.",
        "When it comes again, we will all stay in.",
    ]
    assert len(await lines(text)) == 2
    parts = f"<s>{text.replace('. ', '.</s><s>')}</s>"
    marked = [line.words for line in await lines(f"<speak>{parts}</speak>", SSML, registry)]
    assert marked == spoken


# SSML


async def test_pauses_come_before_what_follows_them_and_add_up() -> None:
    spoken = await lines('<speak>One.<break time="1s"/><break time="500ms"/>Two. Three.</speak>', SSML)
    assert [(line.words, line.pause_before) for line in spoken] == [("One.", 0.0), ("Two.", 1.5), ("Three.", 0.0)]


async def test_rates() -> None:
    spoken = await lines('<speak>One. <prosody rate="150%">Two.</prosody> Three.</speak>', SSML)
    assert [line.speed for line in spoken] == [1.0, 1.5, 1.0]


async def test_words_in_another_language_are_read_by_it_in_its_voice() -> None:
    spoken = await lines('<speak>It is 5 km. <lang xml:lang="de-DE">5 km.</lang> Over.</speak>', SSML)
    assert [(line.words, line.voice.model, line.language) for line in spoken] == [
        ("It is five kilometers.", "english", "en-US"),
        ("fünf Kilometer.", "german", "de-DE"),
        ("Over.", "english", "en-US"),
    ]


async def test_a_document_in_a_language_has_that_voice_from_the_start() -> None:
    made = script('<speak xml:lang="de">5 km.</speak>', SSML)
    assert [line.words async for line in made.lines(lambda: 0.0)] == ["fünf Kilometer."]
    assert made.voice.result().model == "german"


async def test_tags_say_nothing_about_the_language() -> None:
    marked = " ".join(f'<emphasis level="strong">{word}</emphasis>' for word in GERMAN.split())
    assert {line.voice.model for line in await lines(f"<speak>{marked}</speak>", SSML)} == {"german"}


async def test_ssml_in_a_stream_is_the_same_as_in_one_piece() -> None:
    text = '<speak>One.<break time="1s"/><prosody rate="slow">Two.</prosody> <lang xml:lang="de">5 km.</lang></speak>'
    pieces = [text[begin : begin + 7] for begin in range(0, len(text), 7)]
    assert await lines(feed_of(*pieces), SSML) == await lines(text, SSML)


async def test_ssml_that_never_ends_is_a_timeout() -> None:
    with pytest.raises(Timeout):
        await lines(feed_of("<speak>One.", close=False), SSML, limits__text_gap=0.1)


async def test_plain_text_is_not_read_as_ssml() -> None:
    assert [line.words for line in await lines("a <break/> b")] == ["a b"]
    assert [line.words for line in await lines("a &lt; b", text__markup=False, text__numbers=False)] == ["a &lt; b"]


@pytest.mark.parametrize("ssml", [False, True])
async def test_a_long_text_leaves_turns_to_others(ssml: bool) -> None:
    text = "word " * 12_000
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(0)
            longest = max(longest, loop.time() - before)

    await lines("Get ready. " * 3, SpeechRequest(language="en"))
    task = asyncio.create_task(watch())
    began = asyncio.get_running_loop().time()
    assert await lines(f"<speak>{text}</speak>" if ssml else text, SpeechRequest(language="en", ssml=ssml))
    total = asyncio.get_running_loop().time() - began
    task.cancel()
    assert longest < max(0.02, total / 3), (longest, total)
