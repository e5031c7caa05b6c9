"""Sentences as they become known, and when a pause in the text ends one."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.errors import Timeout
from wyoming_openspeakers.speech.request import TextFeed
from wyoming_openspeakers.speech.sentences import sentences, whole_text
from wyoming_openspeakers.speech.text.stream import TextOptions, TextStream

CLAUSE = "This is only the beginning of "


def dry() -> float:
    return 0.0


def begin(
    text: str | TextFeed, *, flush_after: float = 0.05, text_gap: float = 5, audio_ahead: Callable[[], float] = dry
) -> AsyncIterator[str]:
    stream = TextStream(TextOptions())
    return sentences(text, stream, flush_after=flush_after, text_gap=text_gap, audio_ahead=audio_ahead)


def feed_of(*pieces: str) -> TextFeed:
    feed = TextFeed(100_000)
    for piece in pieces:
        feed.put(piece)
    return feed


async def test_a_whole_text() -> None:
    assert [sentence async for sentence in begin("One here. Two there. Three")] == ["One here.", "Two there.", "Three"]
    assert [sentence async for sentence in begin("")] == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 30), max_size=6))
def test_a_stream_gives_the_same_as_the_whole(cuts: list[int]) -> None:
    text = "It is 3.5 km. Mr. Smith left; he said: **go** home! Then 4 °C came."

    async def compare() -> None:
        pieces, rest = [], text
        for cut in cuts:
            pieces.append(rest[:cut])
            rest = rest[cut:]
        feed = feed_of(*pieces, rest)
        feed.close()
        assert [s async for s in begin(feed)] == [s async for s in begin(text)]

    asyncio.run(compare())


async def test_a_sentence_comes_before_the_text_ends() -> None:
    spoken = begin(feed_of("The first is done. The second "), flush_after=5)
    assert await asyncio.wait_for(anext(spoken), 4) == "The first is done."


@pytest.mark.slow
async def test_a_pause_is_flushed_once_the_listener_has_nothing_to_hear() -> None:
    dry_at = time.monotonic() + 0.3
    asked = 0

    def ahead() -> float:
        nonlocal asked
        asked += 1
        return max(0.0, dry_at - time.monotonic())

    assert await anext(begin(feed_of(CLAUSE), audio_ahead=ahead)) == CLAUSE.strip()
    assert 0.0 <= time.monotonic() - dry_at < 0.2
    assert asked < 20


@pytest.mark.slow
async def test_audio_that_comes_during_the_pause_puts_the_flush_off() -> None:
    ahead = 0.0
    spoken = asyncio.ensure_future(anext(begin(feed_of(CLAUSE), flush_after=0.4, audio_ahead=lambda: ahead)))
    await asyncio.sleep(0.05)
    ahead = 0.2
    await asyncio.sleep(0.6)
    assert not spoken.done()
    ahead = 0.0
    assert await asyncio.wait_for(spoken, 5) == CLAUSE.strip()


@pytest.mark.slow
async def test_text_that_comes_in_time_is_not_cut() -> None:
    feed = feed_of(CLAUSE)
    spoken = asyncio.ensure_future(anext(begin(feed, flush_after=0.5)))
    for word in ("a ", "long ", "story ", "of ", "a ", "house. "):
        await asyncio.sleep(0.1)
        feed.put(word)
    feed.put("More")
    assert await asyncio.wait_for(spoken, 5) == CLAUSE + "a long story of a house."


async def test_a_pause_is_flushed_once_and_not_word_by_word() -> None:
    feed = feed_of(CLAUSE)
    spoken = begin(feed)
    assert await anext(spoken) == CLAUSE.strip()
    rest = asyncio.ensure_future(anext(spoken))
    await asyncio.sleep(0.2)
    assert not rest.done()
    feed.put("it all. ")
    feed.close()
    assert await rest == "it all."


@pytest.mark.slow
@pytest.mark.parametrize("pieces", [(), ("A whole one. ",), (CLAUSE,), ("There are exactly 5",)])
async def test_a_text_that_never_ends_is_a_timeout(pieces: tuple[str, ...]) -> None:
    began = time.monotonic()
    with pytest.raises(Timeout, match=r"0\.2 s"):
        async for _ in begin(feed_of(*pieces), text_gap=0.2):
            pass
    assert 0.2 <= time.monotonic() - began < 2


@pytest.mark.slow
async def test_the_time_that_a_listener_takes_is_no_gap_in_the_text() -> None:
    feed = feed_of("One is here. ", "Two is here. ", "Three")
    feed.close()
    heard = []
    async for sentence in begin(feed, text_gap=0.05, flush_after=0.01):
        heard.append(sentence)
        await asyncio.sleep(0.1)
    assert heard == ["One is here.", "Two is here.", "Three"]


async def test_others_get_a_turn_while_a_long_text_is_cut() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    assert not [sentence async for sentence in begin("** " * 10_000)]
    task.cancel()
    assert turns >= 10


async def test_the_whole_text_of_a_feed() -> None:
    feed = feed_of("one ", "two")
    feed.close()
    assert await whole_text(feed, 1) == "one two"
    assert await whole_text("one", 1) == "one"
    with pytest.raises(Timeout):
        await whole_text(feed_of("one"), 0.05)
