"""Whose turn it is."""

import asyncio

import pytest

from wyoming_openspeakers.errors import Busy, Timeout
from wyoming_openspeakers.models.queue import TurnQueue, Urgency


async def take(
    queue: TurnQueue, log: list[str], name: str, client: str, urgency: Urgency = Urgency.INTERACTIVE
) -> None:
    """Wait for a turn, note it and give it back."""
    async with queue.turn(client, urgency, 5):
        log.append(name)
        await asyncio.sleep(0)


async def ordered(*requests: tuple[str, str, Urgency]) -> list[str]:
    """The order in which requests get the one slot that is busy when they come."""
    queue = TurnQueue(1, 100)
    log: list[str] = []
    async with queue.turn("first", Urgency.INTERACTIVE, 5):
        tasks = []
        for name, client, urgency in requests:
            tasks.append(asyncio.create_task(take(queue, log, name, client, urgency)))
            await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    return log


async def test_clients_take_turns() -> None:
    book, door = Urgency.INTERACTIVE, Urgency.INTERACTIVE
    assert await ordered(("a1", "a", book), ("a2", "a", book), ("a3", "a", book), ("b1", "b", door)) == [
        "a1",
        "b1",
        "a2",
        "a3",
    ]


async def test_urgent_goes_first() -> None:
    requests = (("batch", "a", Urgency.BATCH), ("job", "b", Urgency.JOB), ("now", "c", Urgency.INTERACTIVE))
    assert await ordered(*requests) == ["now", "job", "batch"]


async def test_slots_are_used_side_by_side() -> None:
    queue = TurnQueue(3, 100)
    inside = most = 0

    async def work() -> None:
        nonlocal inside, most
        async with queue.turn("a", Urgency.INTERACTIVE, 5):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(work() for _ in range(20)))
    assert (most, inside, queue.length) == (3, 0, 0)


async def test_full_queue_says_busy() -> None:
    queue = TurnQueue(1, 1)
    async with queue.turn("a", Urgency.INTERACTIVE, 5):
        waiting = asyncio.create_task(take(queue, [], "b", "b"))
        await asyncio.sleep(0)
        with pytest.raises(Busy, match="try again"):
            async with queue.turn("c", Urgency.INTERACTIVE, 5):
                pass
    await waiting


async def test_patience_ends_and_leaves_no_trace() -> None:
    queue = TurnQueue(1, 10)
    async with queue.turn("a", Urgency.INTERACTIVE, 5):
        with pytest.raises(Timeout, match=r"0\.01 s"):
            async with queue.turn("b", Urgency.INTERACTIVE, 0.01):
                pass
        assert queue.length == 0
    async with queue.turn("c", Urgency.INTERACTIVE, 0.01):
        pass


async def test_a_turn_that_comes_as_its_owner_leaves_goes_to_the_next() -> None:
    queue = TurnQueue(1, 10)
    log: list[str] = []
    async with queue.turn("a", Urgency.INTERACTIVE, 5):
        leaver = asyncio.create_task(take(queue, log, "leaver", "b"))
        await asyncio.sleep(0)
    # The turn was handed to the leaver just now; it has not run since.
    leaver.cancel()
    await asyncio.wait([leaver])
    await asyncio.wait_for(take(queue, log, "next", "c"), 1)
    assert log == ["next"]


async def test_random_cancelling_never_loses_a_slot() -> None:
    queue = TurnQueue(2, 1000)

    async def work(number: int) -> None:
        async with queue.turn(str(number % 7), Urgency(number % 3), 5):
            await asyncio.sleep(0.0005 * (number % 3))

    tasks = [asyncio.create_task(work(number)) for number in range(200)]
    for step, task in enumerate(tasks):
        if step % 3 == 0:
            await asyncio.sleep(0.0003)
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert queue.length == 0
    async with queue.turn("x", Urgency.BATCH, 0.1), queue.turn("y", Urgency.BATCH, 0.1):
        pass


async def test_waiting_behind_ones_own_sentence_does_not_count() -> None:
    queue = TurnQueue(1, 10)
    log: list[str] = []

    async def impatient() -> None:
        async with queue.turn("a", Urgency.INTERACTIVE, 0.02):
            log.append("second")

    async with queue.turn("a", Urgency.INTERACTIVE, 5):
        waiting = asyncio.create_task(impatient())
        await asyncio.sleep(0.1)
        log.append("first")
    await waiting
    assert log == ["first", "second"]


async def test_the_order_of_turns_can_be_seen() -> None:
    queue = TurnQueue(1, 100)
    log: list[str] = []
    requests = [("a1", "a", 1), ("a2", "a", 1), ("b1", "b", 1), ("now", "c", 0), ("batch", "d", 2), ("a3", "a", 1)]
    async with queue.turn("first", Urgency.INTERACTIVE, 5):
        tasks = []
        for name, client, urgency in requests:
            tasks.append(asyncio.create_task(take(queue, log, name, client, Urgency(urgency))))
            await asyncio.sleep(0)
        order = [waiting.client for waiting in queue.order()]
        assert (queue.urgency, queue.ahead_of(Urgency.JOB), queue.length) == (Urgency.INTERACTIVE, 5, 6)
    await asyncio.gather(*tasks)
    assert log == ["now", "a1", "b1", "a2", "a3", "batch"]
    assert order == ["c", "a", "b", "a", "a", "d"]
    assert (list(queue.order()), queue.urgency) == ([], None)


async def test_a_wait_that_is_excused_goes_on() -> None:
    queue = TurnQueue(1, 100)
    excuse = [True]

    async def wait() -> None:
        async with queue.turn("b", Urgency.INTERACTIVE, 0.05, excused=lambda: excuse[0]):
            raise AssertionError

    async with queue.turn("a", Urgency.INTERACTIVE, 5):
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0.2)
        assert not waiting.done()
        excuse[0] = False
        with pytest.raises(Timeout):
            await waiting
    assert queue.length == 0


async def test_a_job_that_has_begun_is_not_refused() -> None:
    queue = TurnQueue(slots=1, limit=1)
    log: list[str] = []
    async with queue.turn("a", Urgency.INTERACTIVE, 1):
        waiting = [
            asyncio.create_task(take(queue, log, "listener", "b")),
            asyncio.create_task(take(queue, log, "job", "c", Urgency.JOB)),
        ]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await take(queue, log, "one more", "d")
        assert queue.length == 2
    await asyncio.gather(*waiting)
    assert log == ["listener", "job"]
