"""From what an HTTP client sends to jobs."""

from __future__ import annotations

from ....errors import ModelUnavailable
from ....jobs.jobs import JobRequest
from ....models.manager import ModelManager
from .types import BatchBody, GenerateBody


async def find_model(manager: ModelManager, name: str, voice: str | None) -> None:
    """Have the catalog know a model or a voice that came since the last look, or that comes from the hub by its name.

    Raises when the model is known and cannot be used.
    """
    catalog = manager.catalog
    if not catalog.find(name):
        catalog = await manager.voices_with(name)
    elif voice and not catalog.find(voice):
        catalog = await manager.voices_with(voice)
    if catalog.find(name) is None and (model := manager.registry.resolve(name)):
        problem = manager.registry.problem(model) or "it has no voices"
        raise ModelUnavailable(f"Model {model} cannot be used now: {problem}")


def job_request(body: GenerateBody | BatchBody, text: str, client: str) -> JobRequest:
    """One text of a body."""
    return JobRequest(
        text=text,
        model=body.model_id,
        voice=body.voice_id or None,
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
