"""Voices for tests of the console: services that have or can make them, and what such a service says of them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wyoming_openspeakers.events import EventBus
from wyoming_openspeakers.models.profiles.profile import Profile
from wyoming_openspeakers.models.profiles.store import ProfileStore

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

LANGUAGES = ("de", "en", "fr", "ja")


def keep_presets(data: Path, how_many: int) -> None:
    """Fill the data folder of a service that does not run with presets of the default voice."""

    async def fill() -> None:
        store = ProfileStore(data / "voices", {}, EventBus())
        for number in range(how_many):
            tags = ("even" if number % 2 == 0 else "odd", f"room {number % 7}")
            about = f"The voice for the floor {number % 9}"
            await store.create(
                Profile(
                    "", f"Voice {number:03}", "preset", "hibari", voice="hibari/heart", description=about, tags=tags,
                    language=LANGUAGES[number % 4],
                )
            )  # fmt: skip

    # Playwright has an event loop of its own in the thread of a test.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, fill()).result()


def five_hundred_more(route: Route) -> None:
    """What a house with many models has: the answer of the service to `v1/audio/voices`, with more in it."""
    answer = route.fetch()
    listed: dict[str, Any] = answer.json()
    one = listed["voices"][0]
    listed["voices"] += [
        {**one, "id": f"hibari/voice{number:03}", "name": f"Voice {number}", "language": LANGUAGES[number % 4]}
        for number in range(500)
    ]
    route.fulfill(response=answer, json=listed)


def told(page: Page, path: str) -> Any:
    """What the service says itself."""
    answer = page.request.get(f"{page.url.partition('#')[0]}{path}")
    return answer.json() if answer.ok else answer.status


def voice_called(page: Page, name: str) -> Any:
    found = [voice for voice in told(page, "api/voices")["voices"] if voice["name"] == name]
    return found[0] if found else None


def made(page: Page, fields: dict[str, Any], recording: str | None = None) -> Any:
    """A voice that somebody else has made meanwhile."""
    url = f"{page.url.partition('#')[0]}api/voices"
    if recording is None:
        answer = page.request.post(url, data=fields)
    else:
        answer = page.request.post(url, multipart={**fields, "reference_audio": sent(recording)})
    assert answer.status == 201, answer.text()
    return answer.json()


def sent(recording: str) -> Any:
    """A file as it goes into a form."""
    path = Path(recording)
    return {"name": path.name, "mimeType": "audio/wav", "buffer": path.read_bytes()}


def preset(page: Page, name: str, **fields: Any) -> Any:
    """Another name for the default voice."""
    return made(page, {"name": name, "kind": "preset", "voice": "hibari/heart", **fields})


def clone(page: Page, name: str, recording: str, **fields: str) -> Any:
    """A voice of the small CSM."""
    words = {"model_id": "csm", "consent": "true", "reference_text": "Good day."}
    return made(page, {"name": name, **words, **fields}, recording)


def add_files(page: Page, *paths: str) -> None:
    """Give recordings to the form that is shown."""
    page.get_by_role("main").locator("input[type=file]").set_input_files(list(paths))
