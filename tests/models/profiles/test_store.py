"""Profiles outlive the service, whatever happens while they are written; what is deleted is gone."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import speech, wav

from wyoming_openspeakers.config import PresetConfig
from wyoming_openspeakers.errors import BadAudio, ConfigError, Conflict, NotFound, SpeechError
from wyoming_openspeakers.events import Event, EventBus, VoicesChanged
from wyoming_openspeakers.models.profiles.intake import Intake
from wyoming_openspeakers.models.profiles.profile import Profile, Sample, Style
from wyoming_openspeakers.models.profiles.rules import InvalidProfile, checked_name
from wyoming_openspeakers.models.profiles.store import MOST_SAMPLES, ProfileStore, RawSample

STYLE = Style(0.85, parameters={"a": [1, None]})
PRESET = Profile("", "Bedtime", "preset", "kokoro", voice="kokoro/heart", style=STYLE)
CLONE = Profile("", "Anna", "cloned", "mimic", tags=("family",), consent=True)



@pytest.fixture
def upload(tmp_path: Path) -> Path:
    path = tmp_path / "upload.wav"
    path.write_bytes(wav(speech()))
    return path


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording is what it is: reading one is another module's matter."""

    async def take(self: Intake, upload: Path, folder: Path, **known: str) -> Sample:
        data = _content(upload)
        if not data.startswith(b"RIFF"):
            raise BadAudio("It is no recording")
        sample_id = f"s{time.monotonic_ns()}"
        (folder / f"{sample_id}.wav").write_bytes(data)
        return Sample(sample_id, 6, 24_000, -20, sample_id, known["transcript"], known["language"], known["name"])

    monkeypatch.setattr(Intake, "take", take)


def _content(path: Path) -> bytes:
    return path.read_bytes()


def opened(tmp_path: Path, **presets: Any) -> ProfileStore:
    store = ProfileStore(tmp_path / "voices", {n: PresetConfig(**p) for n, p in presets.items()}, EventBus())
    store.read()
    return store


@pytest.fixture
def store(tmp_path: Path) -> ProfileStore:
    return opened(tmp_path)


async def test_what_was_made_is_there_after_a_restart(tmp_path: Path, store: ProfileStore, upload: Path) -> None:
    preset = await store.create(PRESET)
    clone = await store.create(CLONE, [RawSample(upload, "hello", "en", "me.wav"), RawSample(upload)])
    assert store.all() == (preset, clone)
    assert opened(tmp_path).all() == (preset, clone)
    assert preset.style.parameters == {"a": [1, None]} and clone.consent and len(clone.references()) == 2


async def test_nobody_else_can_read_voices(tmp_path: Path, store: ProfileStore, upload: Path) -> None:
    old = os.umask(0)
    try:
        clone = await store.create(CLONE, [RawSample(upload)])
    finally:
        os.umask(old)
    assert clone.folder
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "voices", clone.folder)}
    assert set(modes.values()) == {0o700}
    assert stat.S_IMODE((clone.folder / "profile.json").stat().st_mode) == 0o600


async def test_a_name_is_no_path(tmp_path: Path, store: ProfileStore) -> None:
    made = await store.create(Profile("", "..", "preset", "m", voice="m/v"))
    assert {path.name for path in (tmp_path / "voices").iterdir()} == {made.id}
    assert ".." not in made.id and "/" not in made.id


@pytest.mark.parametrize("profile_id", ["", ".", "..", "../voices", "x" * 5000, "\0", "preset-"])
async def test_what_is_not_there_is_not_found(store: ProfileStore, profile_id: str) -> None:
    for ask in (store.get, store.audio, store.changeable):
        with pytest.raises(NotFound, match="no voice of this id"):
            ask(profile_id)
    with pytest.raises(NotFound):
        await store.delete(profile_id)


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a/b", "a\nb", "a\u202eb", "a(2)", "a+b", "a\0b", "a\ud800"])
async def test_names_that_cannot_be(store: ProfileStore, name: str) -> None:
    with pytest.raises(InvalidProfile):
        await store.create(Profile("", name, "preset", "m", voice="m/v"))


@pytest.mark.parametrize("name", ["anna", "ANNA", "  Anna ", "Ａｎｎａ"])
async def test_a_name_is_there_once(store: ProfileStore, upload: Path, name: str) -> None:
    await store.create(CLONE, [RawSample(upload)])
    with pytest.raises(Conflict, match="already"):
        await store.create(Profile("", name, "preset", "m", voice="m/v"))


async def test_of_many_at_once_one_gets_the_name(tmp_path: Path, store: ProfileStore, upload: Path) -> None:
    tries = [store.create(CLONE, [RawSample(upload)]) for _ in range(8)]
    made = [made for made in await asyncio.gather(*tries, return_exceptions=True) if isinstance(made, Profile)]
    assert list(store.all()) == made and len(made) == 1
    assert [path.name for path in (tmp_path / "voices").iterdir()] == [made[0].id]


async def test_changes_are_kept_and_told(tmp_path: Path, store: ProfileStore) -> None:
    events: list[Event] = []
    store._bus.subscribe(events.append)
    made = await store.create(PRESET)
    changed = await store.change(made.id, name="Good night", tags=("a", "a", " b "), style=Style(speed=0.7))
    assert (changed.id, changed.name, changed.tags, changed.style.speed) == (made.id, "Good night", ("a", "b"), 0.7)
    assert changed.created == made.created and changed.changed >= made.changed
    assert opened(tmp_path).all() == (changed,)
    await store.delete(made.id)
    assert events == [VoicesChanged(made.id)] * 3 and store.all() == ()


async def test_everyone_is_told_to_forget_a_recording_that_is_gone(store: ProfileStore, upload: Path) -> None:
    clone = await store.create(CLONE, [RawSample(upload)])
    await store.add_sample(clone.id, upload)
    events: list[Event] = []
    store._bus.subscribe(events.append)
    await store.change(clone.id, name="Anne")
    await store.edit(clone.id, lambda profile: profile.with_words(None, "other words", None))
    await store.delete(clone.id)
    assert [event.forget for event in events if isinstance(event, VoicesChanged)] == [False, True, True]


async def test_a_change_of_capitals_is_a_change(store: ProfileStore) -> None:
    made = await store.create(PRESET)
    assert (await store.change(made.id, name="BEDTIME")).name == "BEDTIME"


@pytest.mark.parametrize(
    "changes",
    [{"tags": ("x" * 41,)}, {"tags": tuple(map(str, range(21)))}, {"language": "../de"}, {"style": Style(speed=9)},
     {"style": Style(parameters={"x": float("nan")})}, {"description": "x" * 1001}, {"voice": ""}],
)  # fmt: skip
async def test_what_cannot_be_changes_nothing(tmp_path: Path, store: ProfileStore, changes: dict[str, Any]) -> None:
    made = await store.create(PRESET)
    with pytest.raises(InvalidProfile):
        await store.change(made.id, **changes)
    assert opened(tmp_path).all() == store.all() == (made,)


async def test_recordings_come_and_go(tmp_path: Path, store: ProfileStore, upload: Path) -> None:
    clone = await store.create(CLONE, [RawSample(upload)])
    two = await store.add_sample(clone.id, upload, transcript="more", name="b.wav")
    assert [sample.name for sample in two.samples] == ["", "b.wav"]
    assert _content(store.audio(clone.id)) == _content(upload)
    one = await store.delete_sample(clone.id, clone.samples[0].id)
    assert one.folder and {path.name for path in one.folder.iterdir()} == {"profile.json", f"{one.samples[0].id}.wav"}
    with pytest.raises(NotFound):
        store.audio(clone.id, clone.samples[0].id)
    with pytest.raises(Conflict, match="only recording"):
        await store.delete_sample(clone.id, one.samples[0].id)
    assert opened(tmp_path).get(clone.id) == one


async def test_other_words_are_another_reference(store: ProfileStore, upload: Path) -> None:
    clone = await store.create(CLONE, [RawSample(upload, "helo")])
    sample = clone.samples[0]
    changed = await store.edit(clone.id, lambda profile: profile.with_words(sample.id, "hello", None))
    assert changed.samples[0].transcript == "hello" and changed.samples[0].digest != sample.digest
    same = await store.edit(clone.id, lambda profile: profile.with_words(None, "hello", ""))
    assert same.samples == changed.samples


async def test_there_is_room_for_some_recordings(store: ProfileStore, upload: Path) -> None:
    clone = await store.create(CLONE, [RawSample(upload)] * MOST_SAMPLES)
    with pytest.raises(Conflict, match="at most"):
        await store.add_sample(clone.id, upload)


async def test_only_clones_have_recordings(store: ProfileStore, upload: Path) -> None:
    with pytest.raises(InvalidProfile):
        await store.create(CLONE)
    with pytest.raises(InvalidProfile):
        await store.create(PRESET, [RawSample(upload)])
    made = await store.create(PRESET)
    with pytest.raises(Conflict, match="only a cloned"):
        await store.add_sample(made.id, upload)
    with pytest.raises(NotFound, match="no recording"):
        store.audio(made.id)


async def test_of_a_recording_that_fails_nothing_is_left(tmp_path: Path, store: ProfileStore, upload: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(b"text")
    with pytest.raises(BadAudio):
        await store.create(CLONE, [RawSample(upload), RawSample(bad)])
    assert store.all() == () and list((tmp_path / "voices").iterdir()) == []


async def test_deleted_is_deleted(tmp_path: Path, store: ProfileStore, upload: Path) -> None:
    clone = await store.create(CLONE, [RawSample(upload)])
    await store.delete(clone.id)
    assert list((tmp_path / "voices").iterdir()) == []
    for again in (store.delete(clone.id), store.change(clone.id, name="x")):
        with pytest.raises(NotFound):
            await again


async def test_a_preset_of_the_configuration_is_changed_there(tmp_path: Path) -> None:
    store = opened(tmp_path, bedtime={"voice": "kokoro/heart", "speed": 0.8, "parameters": {"x": 1}})
    (preset,) = store.all()
    assert (preset.kind, preset.model, preset.folder, preset.style.speed) == ("preset", "kokoro", None, 0.8)
    for change in (store.delete(preset.id), store.change(preset.id, name="x")):
        with pytest.raises(Conflict, match=r"voice\.presets"):
            await change
    with pytest.raises(Conflict, match="already"):
        await store.create(PRESET)
    assert opened(tmp_path, bedtime={"voice": "kokoro/heart"}).get(preset.id)


@pytest.mark.parametrize("presets", [{"a/b": {"voice": "x"}}, {"a": {"voice": "x"}, "A": {"voice": "x"}}])
def test_presets_that_cannot_be_are_errors_of_the_configuration(tmp_path: Path, presets: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"voice\.presets"):
        opened(tmp_path, **presets)


def _becomes_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda folder: (folder / "profile.json").write_bytes(b""),
    "half": lambda folder: (folder / "profile.json").write_bytes((folder / "profile.json").read_bytes()[:200]),
    "noise": lambda folder: (folder / "profile.json").write_bytes(os.urandom(100)),
    "another shape": lambda folder: (folder / "profile.json").write_text('{"id": 3}'),
    "no file": lambda folder: (folder / "profile.json").unlink(),
    "no recording": lambda folder: next(folder.glob("*.wav")).unlink(),
    "another name": lambda folder: folder.rename(folder.with_name("copy")),
    "a link to nothing": lambda folder: _becomes_link(folder / "profile.json"),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_profile_is_told_once_and_left_alone(
    tmp_path: Path, store: ProfileStore, upload: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    good = await store.create(PRESET)
    clone = await store.create(CLONE, [RawSample(upload)])
    assert clone.folder
    DAMAGES[damage](clone.folder)
    files = sorted(path for path in (tmp_path / "voices").rglob("*"))
    with caplog.at_level(logging.WARNING):
        assert opened(tmp_path).all() == (good,)
    assert len(caplog.records) == 1 and "left out" in caplog.text and "\n" not in caplog.records[0].getMessage()
    assert sorted(path for path in (tmp_path / "voices").rglob("*")) == files


STEPS = ["mkdir", "rename", "replace", "unlink", "touch", "open"]


STATES = [
    {"Anna": 1},
    {"Anna": 1, "Bob": 1},
    {"Anna": 2, "Bob": 1},
    {"Anne": 2, "Bob": 1},
    {"Anne": 1, "Bob": 1},
    {"Anne": 1},
]
"""The voices and how many recordings they have, after each of the changes."""


async def _changes(store: ProfileStore, upload: Path, anna: str) -> None:
    """One of each change."""
    bob = await store.create(Profile("", "Bob", "cloned", "mimic"), [RawSample(upload)])
    await store.add_sample(anna, upload)
    await store.change(anna, name="Anne")
    await store.delete_sample(anna, store.get(anna).samples[0].id)
    await store.delete(bob.id)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 9])
async def test_a_crash_leaves_the_old_or_the_new(
    tmp_path: Path, upload: Path, monkeypatch: pytest.MonkeyPatch, step: str, count: int
) -> None:
    store = opened(tmp_path)
    anna = (await store.create(CLONE, [RawSample(upload)])).id
    done = 0

    def look(event: Event) -> None:
        nonlocal done
        done += 1

    store._bus.subscribe(look)
    left = count
    real = getattr(Path, step)

    def crash(self: Path, *args: Any, **kwargs: Any) -> Any:
        nonlocal left
        if "voices" in self.parts:
            left -= 1
            if left <= 0:
                raise OSError(5, "the power goes")
        return real(self, *args, **kwargs)

    with monkeypatch.context() as broken:
        broken.setattr(Path, step, crash)
        # What is tidied up on the way out would not be in a crash.
        broken.setattr("shutil.rmtree", lambda *args, **kwargs: None)
        with suppress(SpeechError, OSError):
            await _changes(store, upload, anna)
    again = opened(tmp_path)
    now = {profile.name: len(profile.samples) for profile in again.all()}
    assert now in STATES[done : done + 2]
    for profile in again.all():
        assert profile.folder
        names = {path.name for path in profile.folder.iterdir()}
        assert names == {"profile.json", *(f"{sample.id}.wav" for sample in profile.samples)}
    assert {path.name for path in (tmp_path / "voices").iterdir()} == {profile.id for profile in again.all()}


async def test_leftovers_of_somebody_who_still_works_stay(tmp_path: Path, store: ProfileStore) -> None:
    async with store._drafted("id") as draft:
        (draft.path / "x.wav").write_bytes(b"")
        assert opened(tmp_path).all() == ()
        assert draft.path.is_dir()
    assert list((tmp_path / "voices").iterdir()) == []


async def test_who_gives_up_half_way_leaves_no_half(tmp_path: Path, store: ProfileStore, upload: Path) -> None:
    for delay in (0, 0.001, 0.003, 0.01):
        making = asyncio.create_task(store.create(CLONE, [RawSample(upload)]))
        await asyncio.sleep(delay)
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)
        assert opened(tmp_path).all() == store.all()
        assert {path.name for path in (tmp_path / "voices").glob("*")} == {profile.id for profile in store.all()}
        for profile in store.all():
            await store.delete(profile.id)


async def test_a_full_disk_is_told(store: ProfileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(json, "dump", full)
    with pytest.raises(SpeechError, match="No space left"):
        await store.create(PRESET)
    assert store.all() == ()


async def test_five_hundred_profiles_are_read_within_a_second(tmp_path: Path, store: ProfileStore) -> None:
    made = await store.create(PRESET)
    assert made.folder
    text = (made.folder / "profile.json").read_text()
    for number in range(500):
        folder = made.folder.with_name(f"p{number}")
        folder.mkdir()
        (folder / "profile.json").write_text(text.replace(made.id, folder.name).replace("Bedtime", f"Voice {number}"))
    began = time.perf_counter()
    again = opened(tmp_path)
    assert len(again.all()) == 501
    assert time.perf_counter() - began < 1


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=80))
async def test_any_name_is_refused_or_kept(name: str) -> None:
    try:
        kept = checked_name(name)
    except InvalidProfile:
        return
    assert kept == checked_name(kept) and 1 <= len(kept) <= 60 and kept.isprintable() and "/" not in kept
