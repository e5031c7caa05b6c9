"""OpenAI's own client, unmodified, for a service of ours."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av
import yaml
from conftest import ServeProcess
from openai import AsyncOpenAI

from wyoming_openspeakers.service import Service
from wyoming_openspeakers.speech.audio.formats import AudioFormat


def url(service: Service | ServeProcess) -> str:
    """Where a service speaks HTTP."""
    if isinstance(service, ServeProcess):
        return service.url
    return next(address for address in service.addresses if address.startswith("http:"))


def client(service: Service | ServeProcess, key: str = "any") -> AsyncOpenAI:
    """A client that tries everything once."""
    return AsyncOpenAI(base_url=f"{url(service)}/v1", api_key=key, max_retries=0)


async def say(service: Service | ServeProcess, text: str, **options: Any) -> Any:
    """A whole answer; PCM where no other format is asked for."""
    options = {"model": "tts-1", "voice": "alloy", "response_format": "pcm", **options}
    async with client(service) as asking:
        return await asking.audio.speech.create(input=text, **options)


@asynccontextmanager
async def begun(
    service: Service | ServeProcess, text: str, audio_format: AudioFormat = "pcm"
) -> AsyncIterator[AsyncIterator[bytes]]:
    """An answer whose first bytes have come, and the rest of it; leaving hangs up."""
    async with (
        client(service) as asking,
        asking.audio.speech.with_streaming_response.create(
            model="tts-1", voice="alloy", input=text, response_format=audio_format
        ) as answer,
    ):
        rest = answer.iter_bytes()
        assert await anext(rest)
        yield rest


def seconds_of(audio: bytes, audio_format: AudioFormat) -> float:
    """How long a player plays it."""
    if audio_format == "pcm":
        return len(audio) / 2 / 24_000
    with av.open(io.BytesIO(audio), "r") as container:
        frames = sum([frame.samples for frame in container.decode(audio=0)])
        return frames / container.streams.audio[0].codec_context.sample_rate


def serve_models(folder: Path, tree: dict[str, Any], *arguments: str) -> ServeProcess:
    """A service with these models as a process of its own."""
    models = folder / "models.yaml"
    models.write_text(yaml.safe_dump(tree, sort_keys=False))
    # The engine's commands have numbers that are not to be written out.
    environment = {"OPENSPEAKERS__TEXT__NUMBERS": "false"}
    return ServeProcess(folder / "data", ["--models", str(models), *arguments], environment)
