"""The phrase cache."""

import asyncio
import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.speech.cache import PhraseCache
from wyoming_openspeakers.speech.phrase_folder import CachedPhrase, PhraseFolder
from wyoming_openspeakers.speech.phrase_key import owner_prefix, phrase_key

RATE = 16000


def phrase(number: int, length: int = 1000) -> np.ndarray:
    return np.random.default_rng(number).integers(-20000, 20000, length, dtype=np.int16)


def key(number: int) -> str:
    return phrase_key(model="hibari", voice="heart", text=str(number))


def size(length: int = 1000) -> int:
    return CachedPhrase(RATE, np.zeros(length, np.int16)).size


def run(
    folder: Path, *uses: Callable[[PhraseCache], Awaitable[None]], max_bytes: int = 1 << 20, memory: int = 0
) -> None:
    """Use a cache that is started afresh for each use; by default it has to go to the disk."""

    async def go() -> None:
        for use in uses:
            cache = PhraseCache(folder, max_bytes, memory_bytes=memory)
            await cache.start()
            await use(cache)
            await cache.stop()

    asyncio.run(go())


def putting(*numbers: int, length: int = 1000) -> Callable[[PhraseCache], Awaitable[None]]:
    async def use(cache: PhraseCache) -> None:
        for number in numbers:
            cache.put(key(number), RATE, phrase(number, length))

    return use


def holding(*numbers: int, of: range) -> Callable[[PhraseCache], Awaitable[None]]:
    async def use(cache: PhraseCache) -> None:
        assert cache.stats.entries == len(numbers)
        assert [number for number in of if await cache.get(key(number))] == list(numbers)

    return use


def missing(number: int) -> Callable[[PhraseCache], Awaitable[None]]:
    async def use(cache: PhraseCache) -> None:
        assert await cache.get(key(number)) is None
        assert cache.stats.misses == 1
        assert cache.stats.entries == 0

    return use


def empty(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


def test_keys_depend_on_every_field_and_not_on_their_order() -> None:
    assert phrase_key(text="hi", speed=1.0) == phrase_key(speed=1.0, text="hi")
    assert phrase_key(text="hi", speed=1.0) != phrase_key(text="hi", speed=1.1)
    assert phrase_key(a="b", c="d") != phrase_key(a="d", c="b")
    assert phrase_key(parameters={"a": 1, "b": [None, "°C"]}) == phrase_key(parameters={"b": [None, "°C"], "a": 1})
    with pytest.raises(ValueError):
        phrase_key(speed=float("nan"))


def test_a_phrase_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    async def check(cache: PhraseCache) -> None:
        found = await cache.get(key(1))
        assert found and found.rate == RATE
        assert np.array_equal(found.pcm, phrase(1))
        assert np.array_equal(found.samples, phrase(1) / np.float32(32768))
        assert cache.stats.hits == 1

    run(tmp_path / "cache", putting(1), check)


def test_audio_beyond_full_scale_keeps_its_peaks(tmp_path: Path) -> None:
    loud = np.linspace(-1.7, 1.7, 999, dtype=np.float32)

    async def put(cache: PhraseCache) -> None:
        cache.put(key(1), RATE, loud)

    async def check(cache: PhraseCache) -> None:
        found = await cache.get(key(1))
        assert found and np.allclose(found.samples, loud, atol=1e-4)

    run(tmp_path, put, check)


def test_a_phrase_can_be_had_while_it_is_being_written(tmp_path: Path) -> None:
    async def check(cache: PhraseCache) -> None:
        samples = phrase(1).astype(np.float32) / np.float32(32768)
        cache.put(key(1), RATE, samples)
        samples[:] = 0
        found = await cache.get(key(1))
        assert found and np.array_equal(found.pcm, phrase(1))

    run(tmp_path, check, memory=1 << 20)


def test_samples_that_are_no_numbers_are_not_kept(tmp_path: Path) -> None:
    async def check(cache: PhraseCache) -> None:
        cache.put(key(1), RATE, np.array([0, np.nan], np.float32))
        cache.put(key(2), RATE, np.array([0, np.inf], np.float32))
        cache.put(key(3), RATE, np.array([], np.float32))
        assert [await cache.get(key(number)) for number in (1, 2, 3)] == [None, None, None]

    run(tmp_path, check, memory=1 << 20)


def test_files_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "cache"

    run(folder, putting(1))

    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())]
    assert modes == [0o700, 0o600]


@pytest.mark.parametrize("position", [0, 5, 9, 13, 17, 20, 500, -1])
def test_a_flipped_bit_is_found_and_never_played(tmp_path: Path, position: int) -> None:
    run(tmp_path, putting(1))
    (file,) = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    content[position] ^= 4
    file.write_bytes(content)

    run(tmp_path, missing(1))

    assert not file.exists()


@pytest.mark.parametrize("length", [0, 10, 20, 1000, -1])
def test_a_truncated_file_is_found_and_never_played(tmp_path: Path, length: int) -> None:
    run(tmp_path, putting(1))
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:length])

    run(tmp_path, missing(1), putting(1), holding(1, of=range(3)))


def test_a_file_under_the_wrong_name_is_never_played(tmp_path: Path) -> None:
    run(tmp_path, putting(1))
    (file,) = tmp_path.iterdir()
    file.rename(tmp_path / f"{key(2)}.phrase")

    run(tmp_path, missing(2))

    assert list(tmp_path.iterdir()) == []


def test_a_process_killed_while_it_writes_leaves_nothing_behind(tmp_path: Path) -> None:
    run(tmp_path, putting(1))
    program = (
        "import os, sys, time; from pathlib import Path; import numpy as np\n"
        "from wyoming_openspeakers.speech import phrase_folder as module\n"
        "Path.replace = lambda draft, target: os._exit(9)\n"
        "phrase = module.CachedPhrase(16000, np.ones(1000, np.int16))\n"
        "module.PhraseFolder(Path(sys.argv[1])).write(sys.argv[2], phrase, time.time_ns())\n"
    )
    died = subprocess.run([sys.executable, "-c", program, tmp_path, key(2)], check=False)
    assert died.returncode == 9
    (draft,) = tmp_path.glob("*.draft")

    run(tmp_path, holding(1, of=range(4)))
    assert draft.exists(), "another process may be writing it"
    os.utime(draft, (time.time() - 3600,) * 2)
    run(tmp_path, holding(1, of=range(4)))

    assert not draft.exists()


def test_foreign_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README").write_text("mine")
    (tmp_path / "folder.phrase").mkdir()

    async def check(cache: PhraseCache) -> None:
        assert cache.stats.entries == 0
        await cache.remove()

    run(tmp_path, check)

    assert len(list(tmp_path.iterdir())) == 2


def test_what_was_used_longest_ago_goes_first_even_after_restarts(tmp_path: Path) -> None:
    bound = 5 * size()

    async def use_0_and_2(cache: PhraseCache) -> None:
        assert await cache.get(key(2)) and await cache.get(key(0))

    run(tmp_path, putting(0, 1, 2, 3, 4), use_0_and_2, putting(5, 6), max_bytes=bound)

    run(tmp_path, holding(0, 2, 4, 5, 6, of=range(7)), max_bytes=bound)


def test_a_use_of_what_is_in_memory_counts_too(tmp_path: Path) -> None:
    async def use_0(cache: PhraseCache) -> None:
        cache.put(key(2), RATE, phrase(2))
        for _ in range(3):
            assert await cache.get(key(0))

    run(tmp_path, putting(0, 1), use_0, putting(3), max_bytes=3 * size(), memory=1 << 20)

    run(tmp_path, holding(0, 2, 3, of=range(4)), max_bytes=3 * size())


def test_a_lower_bound_holds_from_the_start(tmp_path: Path) -> None:
    run(tmp_path, putting(*range(10)))

    run(tmp_path, holding(7, 8, 9, of=range(10)), max_bytes=3 * size() + 5)

    assert len(list(tmp_path.iterdir())) == 3


def test_the_bound_holds_at_every_moment_of_concurrent_puts(tmp_path: Path) -> None:
    bound = 20 * size()
    seen = []

    async def check(cache: PhraseCache) -> None:
        async def put(first: int) -> None:
            for number in range(first, first + 25):
                cache.put(key(number), RATE, phrase(number, 300 + number * 7))
                await asyncio.sleep(0)
                seen.append(sum(file.stat().st_size for file in os.scandir(tmp_path) if file.name.endswith(".phrase")))

        await asyncio.gather(*(put(first) for first in range(0, 200, 25)))

    run(tmp_path, check, max_bytes=bound)

    assert max(seen) <= bound
    assert bound - size(1700) <= sum(file.stat().st_size for file in tmp_path.iterdir()) <= bound


def test_memory_is_bounded_too(tmp_path: Path) -> None:
    async def check(cache: PhraseCache) -> None:
        await putting(*range(10))(cache)
        await cache.remove(lambda _: False)
        empty(tmp_path)
        assert [number for number in range(10) if await cache.get(key(number))] == [7, 8, 9]

    run(tmp_path, check, memory=3 * size())


def test_a_phrase_larger_than_the_bound_is_not_kept(tmp_path: Path) -> None:
    run(tmp_path, putting(1), putting(2, length=5000), holding(1, of=range(3)), max_bytes=4000)


def test_a_disk_that_cannot_follow_drops_phrases_instead_of_filling_memory(tmp_path: Path) -> None:
    async def go() -> None:
        cache = PhraseCache(tmp_path, 1 << 20, memory_bytes=0, backlog_bytes=3 * size())
        await cache.start()
        await putting(*range(10))(cache)
        assert cache.stats.dropped == 7
        await cache.stop()

    asyncio.run(go())

    run(tmp_path, holding(0, 1, 2, of=range(10)))


def test_remove_some_and_all(tmp_path: Path) -> None:
    async def check(cache: PhraseCache) -> None:
        await putting(0, 1, 2, 3)(cache)
        assert await cache.remove({key(1), key(3), key(9)}.__contains__) == 2
        assert [number for number in range(4) if await cache.get(key(number))] == [0, 2]
        assert await cache.remove() == 2
        assert [number for number in range(4) if await cache.get(key(number))] == []
        assert (cache.stats.entries, cache.stats.bytes) == (0, 0)

    run(tmp_path, check, memory=1 << 20)

    assert list(tmp_path.iterdir()) == []


def test_what_is_read_while_it_is_removed_does_not_stay(tmp_path: Path) -> None:
    async def check(cache: PhraseCache) -> None:
        await asyncio.gather(cache.get(key(1)), cache.remove())
        assert await cache.get(key(1)) is None

    run(tmp_path, putting(1), check, memory=1 << 20)


def test_two_caches_share_a_folder(tmp_path: Path) -> None:
    bound = 30 * size()

    async def go() -> None:
        first, second = PhraseCache(tmp_path, bound, memory_bytes=0), PhraseCache(tmp_path, bound, memory_bytes=0)
        await asyncio.gather(first.start(), second.start())
        await asyncio.gather(putting(*range(40))(first), putting(*range(20, 60))(second))
        await asyncio.gather(first.remove(lambda _: False), second.remove(lambda _: False))
        here = [number for number in range(60) if await first.get(key(number))]
        there = [number for number in range(60) if await second.get(key(number))]
        assert here == there
        assert len(here) >= 20
        await asyncio.gather(first.stop(), second.stop())

    asyncio.run(go())

    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= bound * 1.2


def test_a_bound_of_zero_turns_the_cache_off(tmp_path: Path) -> None:
    async def check(cache: PhraseCache) -> None:
        await putting(1)(cache)
        assert await cache.get(key(1)) is None
        assert await cache.remove() == 0

    run(tmp_path / "cache", check, max_bytes=0, memory=1 << 20)

    assert not (tmp_path / "cache").exists()


def test_a_disk_that_fails_costs_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")

    async def check(cache: PhraseCache) -> None:
        await putting(1, 2, 3)(cache)
        assert await cache.get(key(1)), "memory still works"
        assert await cache.get(key(9)) is None
        assert await cache.remove() == 0

    run(tmp_path / "cache", check, memory=1 << 20)

    assert len(caplog.records) == 1


def test_a_full_disk_leaves_no_drafts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def write_half(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", write_half)
        run(tmp_path, putting(1, 2, 3))

    assert list(tmp_path.iterdir()) == []
    assert len(caplog.records) == 1
    run(tmp_path, putting(1), holding(1, of=range(3)))


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(("put", "put", "get", "get", "remove", "restart", "lose", "break")), st.integers(0, 9)
        ),
        max_size=25,
    ),
    st.sampled_from((0, 2500, 1 << 20)),
)
def test_whatever_happens_nothing_wrong_is_played(events: list[tuple[str, int]], memory: int) -> None:
    bound = 12000

    def harm(folder: Path, what: str, number: int) -> None:
        file = folder / f"{key(number)}.phrase"
        if what == "lose":
            file.unlink(missing_ok=True)
        elif file.exists():
            file.write_bytes(file.read_bytes()[:-1] + b"?")

    async def go(folder: Path) -> None:
        cache = PhraseCache(folder, bound, memory_bytes=memory)
        await cache.start()
        for event, number in events:
            match event:
                case "put":
                    cache.put(key(number), RATE, phrase(number, 200 * number + 1))
                case "get":
                    found = await cache.get(key(number))
                    assert found is None or np.array_equal(found.pcm, phrase(number, 200 * number + 1))
                case "remove":
                    await cache.remove(key(number).__eq__)
                    assert await cache.get(key(number)) is None
                case "restart":
                    await cache.stop()
                    await cache.start()
                case _:
                    harm(folder, event, number)
            assert cache.stats.bytes <= bound
        await cache.stop()
        await cache.start()
        assert cache.stats.bytes == sum(file.stat().st_size for file in os.scandir(folder)) <= bound
        await cache.stop()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(go(Path(folder)))


@pytest.mark.slow
def test_ten_thousand_phrases_start_quickly(tmp_path: Path) -> None:
    folder = PhraseFolder(tmp_path)
    small = CachedPhrase(RATE, np.zeros(1, np.int16))
    template = tmp_path / f"{key(0)}.phrase"
    folder.write(key(0), small, 1)
    for number in range(1, 10000):
        os.link(template, tmp_path / f"{key(number)}.phrase")

    async def check() -> None:
        cache = PhraseCache(tmp_path, 1 << 30)
        started = time.perf_counter()
        await cache.start()
        assert time.perf_counter() - started < 1
        assert cache.stats.entries == 10000
        await cache.stop()

    asyncio.run(check())


def test_what_one_owner_has_is_found_by_its_keys(tmp_path: Path) -> None:
    mine = [phrase_key("somebody", text=text) for text in ("one", "two")]
    others = [phrase_key("another", text="one"), phrase_key(text="one")]
    assert len({*mine, *others}) == 4

    async def use(cache: PhraseCache) -> None:
        for name in (*mine, *others):
            cache.put(name, RATE, phrase(1))
        prefix = owner_prefix("somebody")
        assert await cache.remove(lambda name: name.startswith(prefix)) == 2

    async def look(cache: PhraseCache) -> None:
        assert [await cache.get(name) is None for name in (*mine, *others)] == [True, True, False, False]

    run(tmp_path, use, look)
