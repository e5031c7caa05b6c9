"""Time to first audio against wyoming-piper, by the unmodified wyoming-bench, with the same voice."""

from __future__ import annotations

import asyncio
import contextlib
import io

from bench.results import Figure
from bench.servers import PIPER_VOICE, Server, our_server, wyoming_piper
from bench.setup import Setup
from wyoming.tts import SynthesizeVoice
from wyoming_bench.const import MODE_NON_STREAMING, MODE_STREAMING
from wyoming_bench.info import fetch_info
from wyoming_bench.tts.bench import bench_server
from wyoming_bench.tts.reporting import Measurement, summarize_mode
from wyoming_bench.tts.texts import DEFAULT_TEXTS

_TIMEOUT = 60.0


def measure(setup: Setup) -> list[Figure]:
    """Take turns between both servers and compare wyoming-bench's means."""
    rounds = setup.count(8)
    with our_server(setup) as ours, wyoming_piper(setup) as theirs:
        runs: dict[str, list[Measurement]] = {ours.name: [], theirs.name: []}
        for number in range(rounds):
            # Who goes first changes, so that a disturbance which comes and goes with the rounds hits both.
            for server in (ours, theirs) if number % 2 else (theirs, ours):
                runs[server.name] += asyncio.run(_short_run(server, warmup=2 if number == 0 else 1))
    figures = []
    for mode in (MODE_NON_STREAMING, MODE_STREAMING):
        label = "whole text" if mode == MODE_NON_STREAMING else "text stream"
        mine, other = (summarize_mode(runs[name], mode) for name in (ours.name, theirs.name))
        if not (mine["ok"] and other["ok"]):
            raise RuntimeError(f"{mode}: nothing to compare ({mine['fail']} and {other['fail']} failures)")
        figures += [
            Figure("peers", f"first audio, {label}: ratio", mine["ttft"]["mean"] / other["ttft"]["mean"], at_most=0.3,
                   note=f"{mine['ttft']['mean'] * 1000:.0f} ms against {other['ttft']['mean'] * 1000:.0f} ms, means"),
            Figure("peers", f"total time, {label}: ratio", mine["total"]["mean"] / other["total"]["mean"], at_most=1.0,
                   note=f"{mine['total']['mean'] * 1000:.0f} ms against {other['total']['mean'] * 1000:.0f} ms, means"),
            Figure("peers", f"real-time factor, {label}", mine["rtf"]["mean"],
                   note=f"theirs {other['rtf']['mean']:.2f}"),
            Figure("peers", f"audio length, {label}: ratio",
                   mine["audio_duration"]["mean"] / other["audio_duration"]["mean"],
                   note="below 1 where silence is trimmed"),
            Figure("peers", f"failures, {label}", mine["fail"], at_most=0, note=f"of {mine['ok'] + mine['fail']}"),
        ]  # fmt: skip
    return figures


async def _short_run(server: Server, warmup: int) -> list[Measurement]:
    info = await fetch_info("127.0.0.1", server.port, _TIMEOUT)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        measurements: list[Measurement] = await bench_server(
            host="127.0.0.1", port=server.port, texts=DEFAULT_TEXTS, modes=[MODE_NON_STREAMING, MODE_STREAMING],
            voice=SynthesizeVoice(name=server.voice("piper", PIPER_VOICE)), text_format=None, rounds=1, warmup=warmup,
            verbose=False, chunk_delay=0.0, connect_timeout=_TIMEOUT, read_timeout=_TIMEOUT, unique=True, info=info,
        )  # fmt: skip
    if not any(one.mode == MODE_STREAMING for one in measurements):
        raise RuntimeError(f"{server.name}: {said.getvalue().strip()}")
    return measurements
