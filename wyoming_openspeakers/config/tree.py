"""The tree of settings: each is declared here, with its default and what it is for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from .values import Budget, Device, HostPort, KeepAlive, Network, Rate, Seconds, Silence, Size, Uri


class Section(BaseModel):
    """A part of the tree."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WyomingConfig(Section):
    """The Wyoming server, which Home Assistant and satellites talk to."""

    uris: tuple[Uri, ...] = Field(
        ("tcp://0.0.0.0:10200",), min_length=1, description="Where to listen: tcp://HOST:PORT or unix:///PATH."
    )
    allow: tuple[Network, ...] = Field(
        (), description="Addresses and networks that may connect; empty for everyone who can reach the port."
    )
    max_connections: int = Field(200, ge=1, description="Connections at a time; one more is refused with an error.")
    zeroconf: bool = Field(True, description="Let Home Assistant discover the service on the local network.")
    name: str = Field("", description="Name to be discovered by; empty for the host's name and a short id.")
    program: str = Field("openspeakers", min_length=1, description="Name of the service in Home Assistant.")


class HttpConfig(Section):
    """The side server."""

    address: HostPort = Field("127.0.0.1:8080", description="HOST:PORT to listen on; empty to turn HTTP off.")
    api_key: SecretStr = Field(
        SecretStr(""), description="Key that clients must send as `Authorization: Bearer KEY`; empty for none."
    )
    api_key_file: str = Field("", description="A file that holds the key.")
    public_url: str = Field(
        "", description="How clients reach the service, such as https://voice.home:8443; found out when empty."
    )
    public_listing: bool = Field(False, description="List models and voices also to clients without the key.")
    hosts: tuple[str, ...] = Field(
        (), description='Names that clients may call the service by, besides this machine\'s own; ["*"] for any.'
    )
    origins: tuple[str, ...] = Field(
        (), description="Origins of web pages that may use the service, such as http://homeassistant.local:8123."
    )
    trusted_proxies: tuple[Network, ...] = Field(
        (),
        description="Addresses of proxies that let in only whom they know, as Home Assistant's ingress; no key there.",
    )
    requests_per_minute: int = Field(
        3000, ge=0, description="Requests that one address may make in a minute; 0 for no limit."
    )
    max_connections: int = Field(500, ge=1, description="Connections at a time; one more is refused.")
    max_streams: int = Field(100, ge=1, description="Texts spoken to HTTP clients at once; one more is answered 429.")
    max_upload: Size = Field(50_000_000, description="Largest upload, such as 50MB.")
    max_upload_seconds: Seconds = Field(300.0, description="Longest recording of a voice.")


class PresetConfig(Section):
    """A voice with a way to speak, under a name of its own."""

    voice: str = Field(min_length=1, description="Voice or mixture to speak with.")
    speed: float = Field(1.0, ge=0.25, le=4.0)
    pitch: float = Field(0.0, ge=-12, le=12, description="Semitones.")
    language: str = ""
    instructions: str = Field("", description="How to speak, for voices that follow instructions.")
    seed: int | None = None
    parameters: dict[str, Any] = Field({}, description="The engine's own parameters.")
    description: str = Field("", description="What a person reads in a list of voices.")


class VoiceConfig(Section):
    """How to speak when the client does not say."""

    default: str = Field("", description="Default voice, such as kokoro/af_heart; empty for the default model's own.")
    speed: float = Field(1.0, ge=0.25, le=4.0, description="Speed of speech; 1 is the voice's own.")
    languages: tuple[str, ...] = Field(
        (), description="Languages that may be detected in text; empty for those of all installed voices."
    )
    by_language: dict[str, str] = Field(
        {}, description="Voice for a detected or requested language, such as {de: piper/de_DE-thorsten-medium}."
    )
    presets: dict[str, PresetConfig] = Field(
        {}, description="Voices with a style, by their names: {bedtime: {voice: kokoro/af_heart, speed: 0.85}}."
    )


class TextConfig(Section):
    """What happens to text before an engine speaks it."""

    markup: bool = Field(True, description="Read Markdown and HTML as text: no asterisks, no code, tables row by row.")
    urls: bool = Field(True, description="Read web addresses short.")
    emoji: bool = Field(True, description="Leave emoji out.")
    numbers: bool = Field(True, description="Speak numbers, units, times, dates, money and abbreviations as words.")
    detect_language: bool = Field(True, description="Choose a voice by the text's language when no voice is named.")
    pronounce: dict[str, dict[str, str]] = Field(
        {}, description='Respellings by language, "*" for all: {en: {Nguyen: Win}, "*": {HA: Home Assistant}}.'
    )
    pronounce_file: str = Field("", description="A file of more respellings, in the same shape.")
    max_characters: int = Field(200_000, ge=1, description="Longest text of one request.")
    max_segment: int = Field(300, ge=40, le=2000, description="Longest piece of text for an engine at once.")
    flush_after: Seconds = Field(
        0.7, description="Speak what has come when a text stream pauses for so many seconds inside a sentence."
    )


class AudioConfig(Section):
    """What happens to audio before a client gets it."""

    output_rate: Rate = Field(
        0, description="Sample rate of all audio in hertz, so that players need not convert; 0 for the voice's own."
    )
    lead_silence: Silence = Field(0.0, description="Silence before speech, for players that clip the start.")
    tail_silence: Silence = Field(0.0, description="Silence after speech, for players that clip the end.")
    sentence_pause: Silence = Field(0.2, description="Silence between sentences.")
    fill_gaps: Silence = Field(
        2.0, description="Send a little silence when a text stream pauses for so long, or players give up; 0: never."
    )
    trim: bool = Field(True, description="Cut the silence that some engines put around a sentence.")
    loudness: float | None = Field(
        -20.0, ge=-40, le=-10, description="Loudness of every voice in LUFS (ITU-R BS.1770); null to leave it alone."
    )
    output_dir: str = Field("", description="Folder for the files that `say -o` names; empty for the current folder.")


class CacheConfig(Section):
    """The phrase cache: what was said before is said again at once."""

    enabled: bool = Field(True, description="Keep spoken sentences on disk.")
    max_megabytes: int = Field(256, ge=0, description="Most space it may take; the least used sentences go first.")


class ModelsConfig(Section):
    """Engines and their files."""

    folder: str = Field("", description="Where models are downloaded to; empty for `models` in the data folder.")
    paths: tuple[str, ...] = Field((), description="More folders with model files, one sub-folder per model.")
    threads: int = Field(0, ge=0, le=256, description="Processor threads per engine; 0 for a sensible number.")
    preload: tuple[str, ...] = Field(
        (), description="Models to load at start, besides those on standby and the default voice's."
    )
    device: Device = Field(
        "auto", description="Where models run that do not say: auto, cpu, mps, cuda or a GPU such as cuda:1."
    )
    gpus: tuple[int, ...] = Field((), description="GPUs to use, by their numbers; empty for all.")
    gpu_memory: Budget = Field("90%", description="Memory of each GPU for models: a share or a size such as 8GB.")
    host_memory: Budget = Field("50%", description="The machine's memory for models on the processor and parked ones.")
    keep_alive: KeepAlive = Field(
        "60s", description="How long a model stays after its last use: 5m, seconds, 0 for not at all, -1 for good."
    )
    gpu_interval: float = Field(2.0, ge=0, le=3600, description="Seconds between readings of the GPUs; 0 for none.")


class HistoryConfig(Section):
    """What was spoken, to look up and to hear again."""

    enabled: bool = Field(True, description="Keep a history of what was spoken.")
    database: SecretStr = Field(
        SecretStr(""), description="URL of a database: postgresql://USER:PASSWORD@HOST/NAME; empty for a file."
    )
    texts: bool = Field(True, description="Keep the texts; without them the history tells only when, who and how long.")
    audio: Literal["all", "jobs", "none"] = Field("all", description="Whose audio to keep: all, jobs or none.")
    audio_days: float = Field(30.0, ge=0, description="Days to keep audio for; 0 for any time.")
    audio_megabytes: int = Field(2000, ge=0, description="Most space for audio; the oldest goes first.")
    entries: int = Field(1_000_000, ge=1, description="Most entries; the oldest go first.")


class JobsConfig(Section):
    """Texts that are spoken into files in the background."""

    at_once: int = Field(2, ge=1, le=64, description="Jobs that run at once.")
    waiting: int = Field(1000, ge=1, description="Jobs that may wait; one more is answered 429.")
    batch: int = Field(100, ge=1, le=10_000, description="Lines of one batch.")


class MqttConfig(Section):
    """MQTT: tells the house what its voice is doing, and takes commands."""

    host: str = Field("", description="The broker's name or address; empty to leave MQTT off.")
    port: int = Field(0, ge=0, le=65535, description="The broker's port; 0 for 1883, or 8883 with TLS.")
    username: str = Field("", description="User at the broker.")
    password: SecretStr = Field(SecretStr(""), description="Password at the broker.")
    password_file: str = Field("", description="A file that holds the password.")
    tls: bool = Field(False, description="Talk to the broker in private.")
    tls_ca: str = Field("", description="File with the certificates to trust; empty for those of the system.")
    tls_insecure: bool = Field(False, description="Trust any certificate: anybody in between could read and write.")
    client_id: str = Field("", description="Name at the broker; empty for one of this installation's own.")
    topic: str = Field("openspeakers", pattern=r"^[^#+\s/][^#+\s]*$", description="Where all topics begin.")
    discovery: bool = Field(True, description="Show up as a device in Home Assistant.")
    discovery_prefix: str = Field(
        "homeassistant", pattern=r"^[^#+\s/][^#+\s]*$", description="Home Assistant's own topic prefix."
    )
    hermes: bool = Field(False, description="Speak for Rhasspy 2: what hermes/tts/say asks, to the site that asked.")


class HubConfig(Section):
    """Where model files are downloaded from."""

    token: SecretStr = Field(SecretStr(""), description="Access token for models that want an account.")
    on_demand: bool = Field(False, description="Let clients name any model of the hub, such as facebook/mms-tts-deu.")


class LimitsConfig(Section):
    """Bounds on waiting, so that nobody hangs."""

    queue: int = Field(100, ge=1, description="Sentences that may wait for one model; one more is answered `busy`.")
    queue_wait: Seconds = Field(30.0, description="Longest wait for a turn, in seconds.")
    model_load: Seconds = Field(120.0, description="Longest wait for a model to load.")
    first_audio: Seconds = Field(30.0, description="Longest wait for a sentence's first audio.")
    audio_gap: Seconds = Field(15.0, description="Longest wait for the next audio inside a sentence.")
    text_gap: Seconds = Field(300.0, description="Longest wait for the next piece of a text stream.")
    cancel: Seconds = Field(2.0, description="How long an engine may take to stop before its process is ended.")
    drain: Seconds = Field(5.0, description="How long requests in flight may take to finish when the service stops.")


LogLevel = Literal["debug", "info", "warning", "error"]


class Config(Section):
    """Everything that can be set."""

    data_dir: str = Field("", description="Folder for models, cache and state; empty for the platform's usual place.")
    log_level: LogLevel = Field("info", description="debug, info, warning or error; text is logged at debug only.")
    wyoming: WyomingConfig = WyomingConfig()
    http: HttpConfig = HttpConfig()
    voice: VoiceConfig = VoiceConfig()
    text: TextConfig = TextConfig()
    audio: AudioConfig = AudioConfig()
    cache: CacheConfig = CacheConfig()
    history: HistoryConfig = HistoryConfig()
    jobs: JobsConfig = JobsConfig()
    mqtt: MqttConfig = MqttConfig()
    models: ModelsConfig = ModelsConfig()
    hub: HubConfig = HubConfig()
    limits: LimitsConfig = LimitsConfig()

    @property
    def data_path(self) -> Path:
        """The data folder; by the platform's conventions unless it is set."""
        if self.data_dir:
            return Path(self.data_dir).expanduser()
        base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
        return Path(base).expanduser() / "wyoming-openspeakers"

    @property
    def models_path(self) -> Path:
        """Where models are downloaded to."""
        return Path(self.models.folder).expanduser() if self.models.folder else self.data_path / "models"
