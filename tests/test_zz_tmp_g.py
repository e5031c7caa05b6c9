import asyncio, time, psutil
from wyoming_client import Client
async def test_x(start):
    service = await start(limits__cancel=0.3)
    u = service.addresses[0]
    async with Client(u) as client:
        assert (await client.synthesize("tone")).error is None
        (worker,) = service.manager.workers()
        await client.send("synthesize", text="tone hang")
        await client.read_until("audio-chunk")
        print("busy", worker.busy)
    t=time.time()
    for _ in range(40):
        print(round(time.time()-t,3), worker.busy, worker.exited.is_set(), worker._inboxes)
        await asyncio.sleep(0.02)
    assert 0
