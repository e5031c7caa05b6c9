"""Models: what there is, in memory and on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ....errors import (
    Conflict,
    InvalidRequest,
    ModelFilesError,
    ModelUnavailable,
    NotFound,
    OutOfMemory,
    SynthesisFailed,
    Timeout,
    UnknownModel,
)
from ..api import Call, Operation, Query
from ..parts import Parts
from .types import (
    Download,
    DownloadBody,
    DownloadList,
    FilesQuery,
    LoadBody,
    ModelInfo,
    Removed,
    TrendingList,
    TrendingQuery,
)
from .view import ModelView

MODEL = "{id:[^/]+(?:/[^/]+)?}"
"""The id of a model of the hub has a slash of its own."""

_TAG = "Models"
_ID = {"id": "The model's id or an alias of it; for models of the hub owner/name."}
_LOAD_ERRORS = (UnknownModel, ModelUnavailable, OutOfMemory, SynthesisFailed, Timeout)


class ModelRoutes:
    """Lists, loads, fetches and removes models."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._manager = parts.manager
        self._registry = parts.manager.registry
        self._view = ModelView(parts.manager, parts.bus)

    def operations(self) -> Sequence[Operation]:
        """What can be asked about models."""
        return (
            Operation("GET", "/api/models", self._list, "List the models", _TAG, answer=list[ModelInfo], listing=True),
            Operation(
                "GET",
                "/api/models/trending",
                self._trending,
                "List the text-to-speech models that people of the hub look at now",
                _TAG,
                "The list is kept for half an hour. When the hub cannot be reached the last one is given, as stale.",
                query=TrendingQuery,
                answer=TrendingList,
                errors=(InvalidRequest, ModelFilesError),
            ),
            Operation(
                "GET",
                f"/api/models/{MODEL}",
                self._get,
                "Look at a model",
                _TAG,
                answer=ModelInfo,
                listing=True,
                errors=(UnknownModel,),
                parameters=_ID,
            ),
            Operation(
                "POST",
                f"/api/models/{MODEL}/load",
                self._load,
                "Load a model",
                _TAG,
                "Answers when it is ready to speak. Models load by themselves when they are needed.",
                body=LoadBody,
                answer=ModelInfo,
                errors=_LOAD_ERRORS,
                parameters=_ID,
            ),
            Operation(
                "DELETE",
                f"/api/models/{MODEL}/load",
                self._unload,
                "Unload a model",
                _TAG,
                "Answers when it has finished its sentences and its memory is free.",
                answer=ModelInfo,
                errors=(UnknownModel,),
                parameters=_ID,
            ),
            Operation(
                "POST",
                f"/api/models/{MODEL}/park",
                self._park,
                "Move a loaded model to host memory",
                _TAG,
                "From there it is back on the GPU in no time.",
                answer=ModelInfo,
                errors=(UnknownModel, Conflict),
                parameters=_ID,
            ),
            Operation(
                "POST",
                f"/api/models/{MODEL}/download",
                self._download,
                "Download a model",
                _TAG,
                "Answers when the download has begun. One that was cut off goes on where it stopped; damaged files are "
                "fetched again. Any model of the hub can be named where `hub.on_demand` allows that.",
                body=DownloadBody,
                answer=Download,
                status=202,
                errors=(UnknownModel, InvalidRequest, ModelUnavailable, ModelFilesError),
                parameters=_ID,
            ),
            Operation(
                "DELETE",
                f"/api/models/{MODEL}/download",
                self._cancel_all,
                "Cancel the downloads of a model",
                _TAG,
                "What has come is kept, and the next download goes on from there.",
                status=204,
                errors=(NotFound,),
                parameters=_ID,
            ),
            Operation(
                "DELETE",
                f"/api/models/{MODEL}/files",
                self._remove,
                "Delete the downloaded files of a model",
                _TAG,
                "Files that somebody put there by hand stay.",
                query=FilesQuery,
                answer=Removed,
                errors=(UnknownModel, NotFound, Conflict, ModelUnavailable, ModelFilesError),
                parameters=_ID,
            ),
            Operation("GET", "/api/downloads", self._downloads, "List the downloads", _TAG, answer=DownloadList),
            Operation(
                "DELETE",
                "/api/downloads/{name:.+}",
                self._cancel,
                "Cancel a download",
                _TAG,
                "What has come is kept, and the next download goes on from there.",
                status=204,
                errors=(NotFound,),
                parameters={"name": "As the list has it: kokoro, piper/de_DE-thorsten-medium."},
            ),
        )

    async def _list(self, call: Call[None, Query]) -> list[ModelInfo]:
        return [_shown(info, call) for info in await self._view.all()]

    async def _get(self, call: Call[None, Query]) -> ModelInfo:
        return _shown(await self._view.one(self._model(call.path)), call)

    async def _load(self, call: Call[LoadBody, Query]) -> ModelInfo:
        model = self._model(call.path)
        await self._manager.load(model, call.body.keep_alive, self._parts.config.limits.model_load)
        return await self._view.one(model)

    async def _unload(self, call: Call[None, Query]) -> ModelInfo:
        model = self._model(call.path)
        await self._manager.unload(model)
        return await self._view.one(model)

    async def _park(self, call: Call[None, Query]) -> ModelInfo:
        model = self._model(call.path)
        if self._manager.state(model) == "cold":
            raise Conflict(f"Model {model} is not loaded")
        await self._manager.park(model)
        return await self._view.one(model)

    async def _download(self, call: Call[DownloadBody, Query]) -> Download:
        name, voice = call.path["id"], call.body.voice
        return Download.of(await self._manager.files.fetch(f"{name}/{voice}" if voice else name))

    async def _cancel_all(self, call: Call[None, Query]) -> None:
        name = call.path["id"]
        if not self._manager.files.cancel(self._registry.resolve(name) or name):
            raise NotFound(f"Nothing of {name} is being downloaded")

    async def _cancel(self, call: Call[None, Query]) -> None:
        if not self._manager.downloads.cancel(call.path["name"]):
            raise NotFound(f"There is no download of {call.path['name']}")

    async def _remove(self, call: Call[None, FilesQuery]) -> Removed:
        name, voice = call.path["id"], call.query.voice
        name = f"{name}/{voice}" if voice else name
        freed = await self._manager.files.remove(name)
        self._view.spoil()
        await self._manager.renew_voices()
        return Removed(name=name, freed_bytes=freed)

    async def _downloads(self, call: Call[None, Query]) -> DownloadList:
        return DownloadList(
            downloads=[Download.of(told) for told in self._manager.downloads.active()],
            ended=[Download.of(told) for told in self._view.ended],
        )

    async def _trending(self, call: Call[None, TrendingQuery]) -> TrendingList:
        return TrendingList.of(await self._parts.trending.get(call.query.count, refresh=call.query.refresh))

    def _model(self, path: Mapping[str, str]) -> str:
        """The id of the model that a path names."""
        name = path["id"]
        model = self._registry.resolve(name)
        if model is None:
            known = ", ".join(self._registry.models) or "none"
            raise UnknownModel(f"There is no model {name!r}; models: {known}")
        return model


def _shown(info: ModelInfo, call: Call[None, Query]) -> ModelInfo:
    """What somebody may see who has shown no key: what goes wrong names folders and people's own servers."""
    if call.is_trusted:
        return info
    problem = info.problem and "It cannot be used as things are"
    return info.model_copy(update={"problem": problem, "load_failure": None, "download": None})
