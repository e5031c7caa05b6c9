"""A crowd waits at the door and is let in a few at a time."""

import asyncio
import socket

from wyoming_openspeakers.listening import ACCEPT_AT_ONCE, let_wait


async def test_a_crowd_is_held_by_the_system_and_let_in_a_few_at_a_time() -> None:
    let_in: list[int] = []
    turn = 0

    def admit() -> asyncio.Protocol:
        let_in.append(turn)
        return asyncio.Protocol()

    loop = asyncio.get_running_loop()
    server = await loop.create_server(admit, "127.0.0.1", 0, backlog=ACCEPT_AT_ONCE)
    let_wait(server)
    crowd = [socket.create_connection(server.sockets[0].getsockname(), timeout=1) for _ in range(100)]
    try:
        while len(let_in) < len(crowd):
            turn += 1
            await asyncio.sleep(0)
        assert max(let_in.count(number) for number in set(let_in)) <= ACCEPT_AT_ONCE
    finally:
        for one in crowd:
            one.close()
        server.close()
        await server.wait_closed()
