"""From what an HTTP client sends to jobs."""

from __future__ import annotations

from collections.abc import Sequence

from ....jobs.jobs import JobRequest
from ....models.manager import ModelManager
from ....speech.named import find_voice, full_name
from .types import BatchBody, GenerateBody


async def job_requests(
    manager: ModelManager, body: GenerateBody | BatchBody, texts: Sequence[str], client: str
) -> list[JobRequest]:
    """The texts of a body, all with the voice that it names, or with the default voice of their languages."""
    chosen = await find_voice(manager, body.model_id or "", body.voice_id or "", body.language or None)
    voice = full_name(chosen) if chosen else None
    return [_job_request(body, text, voice, client) for text in texts]


def _job_request(body: GenerateBody | BatchBody, text: str, voice: str | None, client: str) -> JobRequest:
    return JobRequest(
        text=text,
        voice=voice,
        language=body.language or None,
        speed=body.speed,
        pitch=body.pitch,
        format=body.output_format,
        seed=body.seed,
        instructions=body.instructions,
        parameters=body.extra,
        keep_alive=body.keep_alive,
        words=body.words,
        client=client,
        front="http",
    )
