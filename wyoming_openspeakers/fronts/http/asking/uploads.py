"""Uploads: forms with files, streamed into private temporary files that never outlive their request."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import unicodedata
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Generic

from aiohttp import BodyPartReader, MultipartReader, StreamReader, http_exceptions, web
from pydantic import BaseModel

from ....errors import InvalidRequest, TooLarge, UnsupportedMedia
from ..api import Call, FieldsT, Upload
from ..errors import NoSpace, TooSlow, Unprocessable
from .bodies import checked, go_on, refuse_encoding, refuse_size, takes_many

_CHUNK = 256 * 1024
_MOST_PARTS = 64
_MOST_FIELD_BYTES = 65_536
_MOST_LINES = _MOST_PARTS * 32
_LONGEST_LINE = 8190
_LONGEST_NAME = 120
_FREE_BYTES = 200_000_000
"""What must be left on the disk."""

_PATIENCE = 15.0
"""Seconds without a byte."""

_SLOWEST = 50_000
"""Bytes a second, over the whole upload."""


_UNREADABLE = (ValueError, RuntimeError, LookupError, web.RequestPayloadError, http_exceptions.HttpProcessingError)
"""What aiohttp raises at forms that are none."""


@dataclass(frozen=True)
class UploadedFile:
    """A file that a client sent."""

    path: Path
    """It is gone when the request is over: move it to keep it."""

    name: str
    """What it is called where it comes from; only to show."""

    size: int


@dataclass(frozen=True)
class Form(Generic[FieldsT]):
    """A form that a client sent."""

    fields: FieldsT
    files: Mapping[str, UploadedFile]


class UploadFolder:
    """Where uploads are while they are looked at."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        self._path = path
        self.most_bytes = most_bytes
        """Of one upload, all its parts together."""

    def clear(self) -> None:
        """Make it, and remove what an earlier run left behind."""
        shutil.rmtree(self._path, ignore_errors=True)
        self._path.mkdir(parents=True, exist_ok=True, mode=0o700)

    @asynccontextmanager
    async def receive(self, request: web.Request, upload: Upload[FieldsT]) -> AsyncIterator[Form[FieldsT]]:
        """The form of a request; its files are there as long as the context is open."""
        if request.content_type != "multipart/form-data":
            raise UnsupportedMedia("Send a form, with `Content-Type: multipart/form-data`")
        refuse_encoding(request)
        refuse_size(request, self.most_bytes)
        await asyncio.to_thread(self._refuse_full_disk, request.content_length or 0)
        reading = _Reading(self._path / secrets.token_hex(16), self.most_bytes, upload)
        try:
            await go_on(request)
            fields = await self._read(request, reading)
            yield Form(checked(upload.fields, fields, request.path), reading.files)
        finally:
            # Not awaited in a way that a second cancellation could break off.
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, reading.folder, ignore_errors=True))

    async def _read(self, request: web.Request, reading: _Reading) -> Mapping[str, Any]:
        deadline = _PATIENCE + self.most_bytes / _SLOWEST
        try:
            async with asyncio.timeout(deadline):
                return await reading.read(request)
        except TimeoutError:
            raise TooSlow("The upload comes too slowly") from None
        except OSError as error:
            if isinstance(error, ConnectionError):
                raise
            raise NoSpace(f"The upload could not be written: {error.strerror}") from None

    def _refuse_full_disk(self, size: int) -> None:
        if shutil.disk_usage(self._path).free - size < _FREE_BYTES:
            raise NoSpace("There is too little space left on the disk for uploads")


class _Reading:
    """One form while it comes in."""

    def __init__(self, folder: Path, most_bytes: int, upload: Upload[Any]) -> None:
        self.folder = folder
        self.files: dict[str, UploadedFile] = {}
        self._most_bytes = most_bytes
        self._known_files = (*upload.files, *upload.optional_files)
        self._required = upload.files
        self._model: type[BaseModel] = upload.fields
        self._fields: dict[str, Any] = {}

    async def read(self, request: web.Request) -> Mapping[str, Any]:
        try:
            content = _Bounded(request.content, self._most_bytes)
            parts = MultipartReader(request.headers, content)  # type: ignore[arg-type]
            count = 0
            while (part := await parts.next()) is not None:
                count += 1
                if count > _MOST_PARTS:
                    raise TooLarge(f"The form has more than {_MOST_PARTS} parts")
                if not isinstance(part, BodyPartReader) or not part.name:
                    raise InvalidRequest("Each part of the form needs a name and may not be a form itself")
                await self._take(part, part.name)
        except _UNREADABLE as error:
            raise InvalidRequest(f"Not a readable form: {_short(error)}") from None
        for name in self._required:
            if name not in self.files:
                raise Unprocessable(f"{name} is missing: send it as a file", name)
        return self._fields

    async def _take(self, part: BodyPartReader, name: str) -> None:
        is_again = name in self.files or name in self._fields
        if is_again and not (name in self._fields and takes_many(self._model, name)):
            raise Unprocessable(f"{_shown(name)} is there twice", _shown(name))
        if name in self._known_files:
            self.files[name] = await self._save(part)
        elif part.filename is not None:
            raise Unprocessable(f"{_shown(name)}: no file is expected here", _shown(name))
        else:
            text = await self._text(part, name)
            self._fields[name] = [*_listed(self._fields[name]), text] if is_again else text

    async def _save(self, part: BodyPartReader) -> UploadedFile:
        path = self.folder / secrets.token_hex(16)
        file = await asyncio.to_thread(_open_private, path)
        size = 0
        try:
            while chunk := await part.read_chunk(_CHUNK):
                size += len(chunk)
                await asyncio.to_thread(file.write, chunk)
        finally:
            await asyncio.to_thread(file.close)
        return UploadedFile(path, display_name(part.filename or ""), size)

    async def _text(self, part: BodyPartReader, name: str) -> str:
        value = bytearray()
        while chunk := await part.read_chunk():
            value += chunk
            if len(value) > _MOST_FIELD_BYTES:
                raise TooLarge(f"{_shown(name)}: more than {_MOST_FIELD_BYTES} bytes", _shown(name))
        try:
            text = value.decode()
        except UnicodeDecodeError:
            raise Unprocessable(f"{_shown(name)}: must be UTF-8 text", _shown(name)) from None
        if "\0" in text:
            raise Unprocessable(f"{_shown(name)}: must not hold a NUL character", _shown(name))
        return text


class _Bounded:
    """A body that may not pause for long nor be too large, in its parts and between them.

    It keeps its own buffer: aiohttp looks for the end of a line anew with each tiny chunk that it appends.
    """

    def __init__(self, content: StreamReader, most: int) -> None:
        self._content = content
        self._left = most
        self._lines_left = _MOST_LINES
        self._buffer = bytearray()

    async def read(self, size: int) -> bytes:
        if not self._buffer:
            await self._fill()
        return self._take(size)

    async def readline(self, max_line_length: int = _LONGEST_LINE) -> bytes:
        self._lines_left -= 1
        if self._lines_left < 0:
            raise ValueError("there are too many lines around its parts")
        seen = 0
        while (end := self._buffer.find(b"\n", seen) + 1) == 0:
            seen = len(self._buffer)
            if seen > max_line_length:
                raise ValueError("a line is too long")
            if not await self._fill():
                return self._take(seen)
        return self._take(end)

    def unread_data(self, data: bytes) -> None:
        self._buffer[:0] = data

    def at_eof(self) -> bool:
        return not self._buffer and self._content.at_eof()

    async def _fill(self) -> bool:
        async with asyncio.timeout(_PATIENCE):
            data = await self._content.readany()
        self._left -= len(data)
        if self._left < 0:
            raise TooLarge("The upload is too large; see http.max_upload")
        self._buffer += data
        return bool(data)

    def _take(self, size: int) -> bytes:
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data


UPLOADS = web.AppKey("UPLOADS", UploadFolder)


def uploaded(
    call: Call[Any, Any], upload: Upload[FieldsT]
) -> AbstractAsyncContextManager[Form[FieldsT]]:
    """The form that a call brings: `async with uploaded(call, UPLOAD) as form: form.fields, form.files["audio"]`."""
    return call.request.app[UPLOADS].receive(call.request, upload)


def display_name(name: str) -> str:
    """A file's name as it may be shown: the last part of a path, with nothing in it that cannot be read."""
    last = name.replace("\\", "/").rpartition("/")[2]
    clean = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C").strip(" .")
    return clean[-_LONGEST_NAME:]


def _open_private(path: Path) -> BinaryIO:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _shown(name: str) -> str:
    return display_name(name)[:40] or "a part"


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _short(error: BaseException) -> str:
    text = error.message if isinstance(error, http_exceptions.HttpProcessingError) else str(error)
    return text.partition("\n")[0][:100]
