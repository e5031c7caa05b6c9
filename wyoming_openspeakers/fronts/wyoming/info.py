"""What the service tells about itself: one program with every voice."""

from __future__ import annotations

from functools import lru_cache

from wyoming.event import Event
from wyoming.info import Attribution, Info, TtsProgram, TtsVoice, TtsVoiceSpeaker

from ... import __version__
from ...models.voices import InstalledVoice, VoiceCatalog

_PROJECT = Attribution(name="Wyoming OpenSpeakers", url="")


@lru_cache(maxsize=1)
def info_event(catalog: VoiceCatalog, program: str) -> Event:
    """The answer to `describe`.

    One program, because Home Assistant uses the first one only and never selects another.
    """
    voices = [_voice(installed) for installed in catalog.voices.values() if installed.voice.languages]
    return Info(
        tts=[
            TtsProgram(
                name=program,
                description="Open voices for the home",
                attribution=_PROJECT,
                installed=True,
                version=__version__,
                voices=sorted(voices, key=lambda voice: voice.name),
                supports_synthesize_streaming=True,
            )
        ]
    ).event()


def _voice(installed: InstalledVoice) -> TtsVoice:
    entry, voice = installed.entry, installed.voice
    return TtsVoice(
        name=installed.name,
        description=installed.label,
        attribution=Attribution(name=entry.name or installed.model, url=entry.url),
        installed=True,
        version=None,
        languages=list(voice.languages),
        speakers=[TtsVoiceSpeaker(name=name) for name in voice.speakers] or None,
    )
