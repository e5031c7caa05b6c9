"""Words among phonemes, though espeak runs some together and makes several of others."""

import numpy as np
import pytest
from assets import Loaded

from wyoming_openspeakers.engines.base import EngineRequest
from wyoming_openspeakers.engines.phoneme_words import PhonemeWords, sounding

pytestmark = pytest.mark.slow

ALONE = {"the": "ðə", "of": "ʌv", "house": "haʊs", "5%": "faɪvpɚsɛnt", "it.": "ɪt", "door": "dɔɹ", "—": ""}


def words(text: str, *sentences: str) -> list[tuple[str, str]]:
    """Each word and the phonemes of its time, when every phoneme takes a second."""
    reading = PhonemeWords(text, [list(sentence) for sentence in sentences], ALONE.__getitem__)
    return [
        (word.text, sentence[int(word.start) : int(word.end)])
        for number, sentence in enumerate(sentences)
        for word in reading.times(number, [float(at) for at in range(len(sentence) + 1)])
    ]


def test_words_between_blanks() -> None:
    assert words("the house", "ðə hˈaʊs.") == [("the", "ðə"), ("house", "hˈaʊs")]


def test_words_that_were_run_together() -> None:
    assert words("of the house", "ʌvðə hˈaʊs.") == [("of", "ʌv"), ("the", "ðə"), ("house", "hˈaʊs")]


def test_as_many_groups_as_words_that_are_others() -> None:
    text = "5% of the house"
    assert words(text, "fˈaɪv pɚsˈɛnt ʌvðə hˈaʊs") == [
        ("5%", "fˈaɪv pɚsˈɛnt"), ("of", "ʌv"), ("the", "ðə"), ("house", "hˈaʊs"),
    ]  # fmt: skip


def test_each_word_is_in_its_sentence() -> None:
    assert words("the door — of it.", "ðə dˈɔːɹ", "ʌv ˈɪt.") == [
        ("the", "ðə"), ("door", "dˈɔːɹ"), ("of", "ʌv"), ("it.", "ˈɪt"),
    ]  # fmt: skip


def test_what_sounds() -> None:
    assert sounding(["h", "ˈ", "aʊ", "ː", "s", ".", " "]) == "has"


@pytest.mark.parametrize("text", ["The battery of the sensor is low.", "It is open. Should I close it, or not?"])
def test_piper_tells_every_word_in_order_with_the_last_chunk_of_its_sentence(piper: Loaded, text: str) -> None:
    chunks = list(piper.engine.stream(EngineRequest(text, piper.voice)))
    told = [word for chunk in chunks for word in chunk.words]
    assert [word.text for word in told] == text.split()
    times = [time for word in told for time in (word.start, word.end)]
    assert times == sorted(times)
    assert times[-1] <= sum(len(chunk.samples) for chunk in chunks) / chunks[0].rate
    assert sum(bool(chunk.words) for chunk in chunks) == text.count(".") + text.count("?")


def test_there_is_sound_where_a_word_is_said(piper: Loaded) -> None:
    chunks = list(piper.engine.stream(EngineRequest("Window. Window.", piper.voice)))
    samples = np.concatenate([chunk.samples for chunk in chunks])
    loudness = np.abs(samples).mean()
    for word in (word for chunk in chunks for word in chunk.words):
        part = samples[round(word.start * chunks[0].rate) : round(word.end * chunks[0].rate)]
        assert np.abs(part).mean() > loudness
