"""One answer: in order, ahead of the listener, at one rate and one loudness, and stopped when nobody listens."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from fault_models import journal, models_file
from managed import until

from wyoming_openspeakers.errors import SynthesisFailed, UnknownVoice
from wyoming_openspeakers.events import Event, SpeechEnded
from wyoming_openspeakers.service import Service
from wyoming_openspeakers.speech.request import SpeechRequest, TextFeed

StartService = Callable[..., Any]


@dataclass
class Heard:
    """What a listener got, and when."""

    pcm: bytes = b""
    rate: int = 0
    times: list[float] = field(default_factory=list)
    """Seconds since the request at which audio came."""

    error: Exception | None = None

    @property
    def samples(self) -> npt.NDArray[np.int16]:
        """The audio as numbers."""
        return np.frombuffer(self.pcm, np.int16)

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return len(self.samples) / self.rate

    def loud(self) -> list[tuple[float, float]]:
        """Where there is sound: begin and end in seconds, across pauses shorter than 40 ms."""
        at = np.flatnonzero(np.abs(self.samples) > 50) / self.rate
        if not len(at):
            return []
        cuts = np.flatnonzero(np.diff(at) > 0.04)
        begins, ends = at[np.concatenate(([0], cuts + 1))], at[np.concatenate((cuts, [len(at) - 1]))]
        return list(zip(begins.tolist(), ends.tolist(), strict=True))


async def hear(service: Service, text: str | TextFeed, **request: Any) -> Heard:
    heard = Heard()
    began = time.perf_counter()
    try:
        async with service.speech.speak(SpeechRequest(**request), text) as response:
            async for pcm in response.pcm():
                heard.pcm += pcm
                heard.rate = response.rate
                heard.times.append(time.perf_counter() - began)
    except Exception as error:
        heard.error = error
    return heard


async def wait_for_idle(service: Service, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while any(worker.busy for worker in service.manager.workers()):  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.005)


@pytest.fixture
async def ready(start: StartService, tmp_path: Path) -> Service:
    """A service that has its model loaded, and a journal of what the engine was asked."""
    service: Service = await start(models_file(fault={"journal": str(tmp_path / "journal")}))
    await service.manager.load("fault")
    return service


def asked(tmp_path: Path) -> list[str]:
    return [note["text"] for note in journal(tmp_path / "journal")]


# Order and time


@pytest.mark.slow
async def test_sentences_are_heard_in_order_however_long_each_takes(ready: Service) -> None:
    heard = await hear(ready, "sleep:0.4 tone tone. tone. tone tone tone.")
    assert heard.error is None
    lengths = [end - begin for begin, end in heard.loud()]
    assert lengths == pytest.approx([0.3, 0.1, 0.3], abs=0.02)


@pytest.mark.slow
async def test_the_first_sentence_is_heard_before_the_second_is_done(ready: Service) -> None:
    heard = await hear(ready, "tone tone. sleep:0.8 tone.")
    assert heard.times[0] < 0.7 and heard.times[-1] > 0.8


@pytest.mark.slow
async def test_the_next_sentence_is_spoken_while_one_is_heard_and_the_one_after_waits(
    ready: Service, tmp_path: Path
) -> None:
    async with ready.speech.speak(SpeechRequest(), "tone tone. sleep:0.1 tone. tone. tone tone tone.") as response:
        pcm = response.pcm()
        await anext(pcm)
        await until(lambda: len(asked(tmp_path)) == 2)
        await asyncio.sleep(0.4)
        assert asked(tmp_path) == ["tone tone.", "sleep:0.1 tone."]
        async for _ in pcm:
            pass
    assert len(asked(tmp_path)) == 4


@pytest.mark.slow
async def test_the_second_sentence_is_there_when_the_first_was_heard(ready: Service) -> None:
    async with ready.speech.speak(SpeechRequest(), "tone. sleep:0.5 tone.") as response:
        pcm = response.pcm()
        await anext(pcm)
        await asyncio.sleep(1)
        began = time.perf_counter()
        async for _ in pcm:
            pass
    assert time.perf_counter() - began < 0.45


@pytest.mark.slow
async def test_a_pause_in_the_text_is_no_pause_while_a_slow_sentence_is_in_work(
    start: StartService, tmp_path: Path
) -> None:
    service = await start(models_file(fault={"journal": str(tmp_path / "journal")}), text__flush_after=0.1)
    await service.manager.load("fault")
    feed = service.speech.text_feed()
    feed.put("sleep:0.5 tone tone tone tone tone tone. tone tone tone tone ")
    hearing = asyncio.create_task(hear(service, feed))
    await asyncio.sleep(0.4)
    feed.put("tone. ")
    feed.close()
    assert (await hearing).error is None
    assert asked(tmp_path)[1:] == ["tone tone tone tone tone."]


# Errors


async def test_an_error_in_the_second_sentence_comes_after_the_audio_of_the_first(ready: Service) -> None:
    heard = await hear(ready, "sleep:0.2 tone tone. fail.")
    assert isinstance(heard.error, SynthesisFailed) and "headache" in str(heard.error)
    assert heard.seconds == pytest.approx(0.3, abs=0.01)


async def test_an_unknown_voice_is_an_error_without_audio(ready: Service) -> None:
    heard = await hear(ready, "tone.", voice="gone")
    assert isinstance(heard.error, UnknownVoice) and not heard.pcm
    async with ready.speech.speak(SpeechRequest(voice="gone"), "tone.") as response:
        with pytest.raises(UnknownVoice):
            await response.rate_ahead()


# Leaving early


async def test_leaving_early_stops_everything_down_to_the_engine(ready: Service, tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    async with ready.speech.speak(SpeechRequest(), "tone sleep:20. sleep:20. tone.") as response:
        await anext(response.pcm())
        await asyncio.sleep(0.1)
        (worker,) = ready.manager.workers()
        assert worker.busy
        began = time.perf_counter()
    await wait_for_idle(ready, 1)
    assert time.perf_counter() - began < 0.5
    assert asyncio.all_tasks() <= before
    assert "tone." not in asked(tmp_path)
    assert [worker.pid for worker in ready.manager.workers()] == [worker.pid]
    assert (await hear(ready, "tone.")).error is None


@pytest.mark.slow
async def test_a_cancelled_listener_stops_the_engine(ready: Service) -> None:
    hearing = asyncio.create_task(hear(ready, "tone sleep:20 tone."))
    await asyncio.sleep(0.3)
    assert any(worker.busy for worker in ready.manager.workers())
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)
    await wait_for_idle(ready, 1)


@pytest.mark.slow
async def test_a_response_that_nobody_hears_ends_quietly(ready: Service) -> None:
    async with ready.speech.speak(SpeechRequest(), "sleep:20. tone."):
        await asyncio.sleep(0.3)
        assert any(worker.busy for worker in ready.manager.workers())
    await wait_for_idle(ready, 1)


# Loudness


@pytest.mark.slow
async def test_gain_is_constant_inside_a_response_though_its_voice_is_learnt(start: StartService) -> None:
    text = " ".join(["tone " * 12 + "."] * 8)
    service = await start(audio__loudness=-12)
    first = await hear(service, text)
    await asyncio.sleep(0.2)
    peaks = {int(np.abs(part).max()) for part in np.array_split(first.samples[: 16000 * 9], 9)}
    assert max(peaks) - min(peaks) <= 2
    second = await hear(service, text)
    assert abs(int(second.samples.max()) - max(peaks)) > 500


# Rate


@pytest.mark.slow
async def test_voices_of_different_rates_come_out_at_one(start: StartService) -> None:
    models = models_file(
        english={"languages": ["en-US"], "rate": 16000}, german={"languages": ["de-DE"], "rate": 24000}
    )
    service = await start(models)
    text = '<speak>tone tone. <lang xml:lang="de">tone tone tone.</lang> tone.</speak>'
    heard = await hear(service, text, ssml=True)
    assert heard.error is None and heard.rate == 16000
    assert [end - begin for begin, end in heard.loud()] == pytest.approx([0.2, 0.3, 0.1], abs=0.02)
    begin, end = (int(edge * 16000) for edge in heard.loud()[1])
    middle = heard.samples[begin + 800 : end - 800].astype(float)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) * 16000 / len(middle) == pytest.approx(440, abs=10)


@pytest.mark.parametrize("rate", [8000, 22050])
async def test_the_output_rate_is_known_ahead_and_kept(start: StartService, rate: int) -> None:
    service = await start(audio__output_rate=rate)
    async with service.speech.speak(SpeechRequest(), "tone tone tone.") as response:
        assert await response.rate_ahead() == rate
        pcm = b"".join([pcm async for pcm in response.pcm()])
    assert response.rate == rate
    assert len(pcm) / 2 / rate == pytest.approx(0.3, abs=0.01)


# Silence


async def test_lead_and_tail_silence(start: StartService) -> None:
    service = await start(audio__lead_silence=0.3, audio__tail_silence=0.4)
    heard = await hear(service, "tone.")
    ((begin, end),) = heard.loud()
    assert begin == pytest.approx(0.3, abs=0.01) and heard.seconds - end == pytest.approx(0.4, abs=0.01)


async def test_pauses_between_sentences_clauses_and_by_ssml(start: StartService) -> None:
    service = await start(audio__sentence_pause=0.3, text__max_segment=40)
    heard = await hear(service, "tone tone tone. tone tone tone tone, tone tone tone tone.")
    first, second, third = heard.loud()
    assert second[0] - first[1] == pytest.approx(0.3, abs=0.01)
    assert third[0] - second[1] == pytest.approx(0.09, abs=0.01)
    marked = await hear(service, 'tone. <break time="500ms"/> tone.', ssml=True)
    first, second = marked.loud()
    assert second[0] - first[1] == pytest.approx(0.8, abs=0.01)


async def test_a_rate_in_ssml_reaches_the_engine(ready: Service, tmp_path: Path) -> None:
    await hear(ready, '<speak>tone. <prosody rate="150%">tone tone.</prosody></speak>', ssml=True, speed=1.2)
    assert [note["speed"] for note in journal(tmp_path / "journal")] == pytest.approx([1.2, 1.8])


@pytest.mark.slow
async def test_a_gap_in_the_text_is_filled_with_silence_but_not_while_there_is_audio(start: StartService) -> None:
    service = await start(audio__fill_gaps=0.2)
    await service.manager.load("fault")
    feed = service.speech.text_feed()
    async with service.speech.speak(SpeechRequest(), feed) as response:
        feed.put("tone tone tone. Next ")
        pcm = response.pcm()
        got = b""
        while len(got) < 16000 * 2 * 0.3:
            got += await anext(pcm)
        began = time.perf_counter()
        filler = await anext(pcm)
        assert not np.frombuffer(filler, np.int16).any()
        assert len(filler) == 3200 and time.perf_counter() - began > 0.3
        feed.close()
        assert b"".join([each async for each in pcm])


@pytest.mark.slow
async def test_gaps_are_left_when_nobody_wants_them_filled(start: StartService) -> None:
    service = await start(audio__fill_gaps=0)
    await service.manager.load("fault")
    feed = service.speech.text_feed()
    feed.put("tone tone tone. Next ")
    hearing = asyncio.create_task(hear(service, feed))
    await asyncio.sleep(0.8)
    feed.close()
    heard = await hearing
    assert heard.seconds == pytest.approx(0.3 + 0.2 + 0.1, abs=0.02)


async def test_nothing_to_hear_is_a_little_silence(ready: Service) -> None:
    for text in ("", "silent.", "🎉"):
        heard = await hear(ready, text)
        assert heard.error is None and 0 < heard.seconds < 0.5 and not heard.samples.any(), text


# The cache


async def test_a_phrase_from_the_cache_is_the_same_and_leaves_the_engine_alone(
    ready: Service, tmp_path: Path
) -> None:
    first = await hear(ready, "tone tone. tone.")
    again = await hear(ready, "tone tone. tone.")
    assert again.pcm == first.pcm and len(asked(tmp_path)) == 2
    anew = await hear(ready, "tone tone. tone.", use_cache=False)
    assert anew.pcm == first.pcm and len(asked(tmp_path)) == 4


async def test_the_cache_can_be_off(start: StartService, tmp_path: Path) -> None:
    service = await start(models_file(fault={"journal": str(tmp_path / "journal")}), cache__enabled=False)
    for _ in range(2):
        await hear(service, "tone.")
    assert len(asked(tmp_path)) == 2
    assert not (service.config.data_path / "cache" / "phrases").exists()


# What is told about it


async def ended(service: Service, text: str, **request: Any) -> SpeechEnded:
    events: list[Event] = []
    unsubscribe = service.bus.subscribe(events.append)
    await hear(service, text, **request)
    unsubscribe()
    (event,) = [event for event in events if isinstance(event, SpeechEnded)]
    return event


@pytest.mark.slow
async def test_the_end_is_told_with_its_figures(ready: Service) -> None:
    event = await ended(ready, "sleep:0.3 tone. tone tone.", client="kitchen")
    assert (event.client, event.voice, event.error) == ("kitchen", "fault/plain", None)
    assert event.characters == len("sleep:0.3 tone.") + len("tone tone.")
    assert event.first_audio is not None and 0.3 <= event.first_audio <= event.total < 1.5
    assert event.audio == pytest.approx(0.2 + 0.2 + 0.2, abs=0.02)


async def test_a_failure_is_told(ready: Service) -> None:
    event = await ended(ready, "fail")
    assert event.error and "headache" in event.error
    assert (event.first_audio, event.audio, event.voice) == (None, 0.0, "fault/plain")
    assert (await ended(ready, "tone", voice="gone")).voice is None


async def test_who_leaves_early_did_not_hear_it_all(ready: Service) -> None:
    events: list[Event] = []
    ready.bus.subscribe(events.append)
    async with ready.speech.speak(SpeechRequest(), "tone sleep:5 tone.") as response:
        await anext(response.pcm())
    (event,) = [event for event in events if isinstance(event, SpeechEnded)]
    assert event.left and event.error is None and "left" in str(event)


async def test_who_leaves_while_all_is_being_stopped_is_told_of_too(ready: Service) -> None:
    ended: list[Event] = []
    ready.bus.subscribe(lambda event: ended.append(event) if isinstance(event, SpeechEnded) else None)
    listener = asyncio.create_task(hear(ready, "tone sleep:20 tone"))
    await asyncio.sleep(0.2)
    listener.cancel()
    # It has begun to stop its work, which takes a moment.
    await asyncio.sleep(0)
    listener.cancel()
    await asyncio.gather(listener, return_exceptions=True)
    (event,) = ended
    assert isinstance(event, SpeechEnded) and event.left
    await wait_for_idle(ready, 2)


async def test_the_text_is_not_in_the_log(ready: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await hear(ready, "tone xylophone. tone marimba.", client="kitchen")
    await hear(ready, "tone xylophone. fail marimba.")
    assert "kitchen" in caplog.text and "fault/plain" in caplog.text
    assert "xylophone" not in caplog.text and "marimba" not in caplog.text


async def test_words_that_a_voice_cannot_say_are_told_of(ready: Service, caplog: pytest.LogCaptureFixture) -> None:
    await hear(ready, "silent")
    assert "fault/plain said nothing at all to 6 characters, read as en-US" in caplog.text
    caplog.clear()
    await hear(ready, "...")
    await hear(ready, "tone silent")
    assert not caplog.records


async def test_progress_goes_from_nothing_to_all(ready: Service) -> None:
    text = "**tone** tone. *tone*. tone 🎉 🎉."
    seen: list[float] = []
    async with ready.speech.speak(SpeechRequest(), text) as response:
        assert response.progress == 0
        seen.extend([response.progress async for _ in response.pcm()])
    assert seen == sorted(seen) and 0 < seen[-2] < 1 and seen[-1] == 1
