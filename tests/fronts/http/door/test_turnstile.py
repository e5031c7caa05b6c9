import asyncio
import itertools

from wyoming_openspeakers.fronts.http.door.turnstile import TURNS, Turnstile


async def test_a_crowd_comes_in_one_by_one_in_its_order_with_turns_of_the_loop_between() -> None:
    turnstile, came, turns = Turnstile(), [], 0

    async def come(number: int) -> None:
        await turnstile.enter()
        came.append((number, turns))

    crowd = [asyncio.create_task(come(number)) for number in range(5)]
    while len(came) < 5:
        await asyncio.sleep(0)
        turns += 1
    await asyncio.gather(*crowd)
    assert [number for number, _ in came] == [0, 1, 2, 3, 4]
    gaps = [after - before for (_, before), (_, after) in itertools.pairwise(came)]
    # The loop of the test counts its own turns, which may come before or after those of the crowd.
    assert len(gaps) == 4
    assert all(TURNS <= gap <= TURNS + 1 for gap in gaps)


async def test_who_comes_alone_does_not_wait() -> None:
    turnstile = Turnstile()
    for _ in range(3):
        entering = turnstile.enter()
        try:
            entering.send(None)
        except StopIteration:
            pass
        else:
            raise AssertionError("it waits")
        for _ in range(TURNS + 1):
            await asyncio.sleep(0)


async def test_who_leaves_the_queue_holds_nobody_up() -> None:
    turnstile = Turnstile()
    await turnstile.enter()
    leaving = asyncio.create_task(turnstile.enter())
    staying = asyncio.create_task(turnstile.enter())
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait_for(staying, 1)
    await asyncio.gather(leaving, return_exceptions=True)
    assert leaving.cancelled()
    for _ in range(TURNS + 1):
        await asyncio.sleep(0)
    await asyncio.wait_for(turnstile.enter(), 1)
