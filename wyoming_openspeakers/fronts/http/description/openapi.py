"""The OpenAPI 3.1 document, from the operations themselves: what is checked is what is described."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field, TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from .... import __version__
from ....errors import Busy, InvalidRequest, NotAllowed, NotFound, SpeechError, TooLarge, Unauthorized, UnsupportedMedia
from ..api import Media, Operation, Upload
from ..errors import OPENAI_PREFIX, NoSpace, TooSlow, Unprocessable

Document = dict[str, Any]

_REFERENCE = "#/components/schemas/{model}"
_SECURITY = "key"
_PATTERN = re.compile(r"{(\w+):[^{}]*}")
_PART = re.compile(r"{(\w+)}")


class Refusal(BaseModel):
    """Why a request was not carried out."""

    detail: str = Field(description="What is wrong, in one line.", examples=["text is missing"])
    code: str = Field(description="The same in a word.", examples=["invalid-request"])
    param: str | None = Field(description="What of the request is wrong.", examples=["text"])


class OpenAIRefusal(BaseModel):
    """Why a request was not carried out, in OpenAI's form."""

    class Details(BaseModel):
        message: str = Field(description="What is wrong, in one line.", examples=["input is missing"])
        type: str = Field(description="The kind of error.", examples=["invalid_request_error"])
        param: str | None = Field(description="What of the request is wrong.", examples=["input"])
        code: str | None = Field(description="The error in a word.", examples=["invalid_request"])

    error: Details


class Description:
    """Describes operations."""

    def __init__(self, operations: Sequence[Operation], *, has_key: bool) -> None:
        self._operations = [operation for operation in operations if not operation.websocket]
        self._websockets = [operation for operation in operations if operation.websocket]
        self._has_key = has_key
        self._types: list[tuple[Any, JsonSchemaMode, TypeAdapter[Any]]] = []
        self._schemas: Mapping[tuple[Any, JsonSchemaMode], Mapping[str, Any]] = {}
        self._definitions: Mapping[str, Mapping[str, Any]] = {}
        self._only_fields: set[str] = set()

    def document(self) -> Document:
        """All of it."""
        self._read_types()
        paths = self._paths()
        bodies = {self._name(operation.body) for operation in self._operations if operation.body is not None}
        unneeded = self._only_fields - bodies
        schemas = {name: self._definitions[name] for name in sorted(self._definitions.keys() - unneeded)}
        document: Document = {
            "openapi": "3.1.0",
            "info": {
                "title": "Wyoming OpenSpeakers",
                "version": __version__,
                "summary": "Open voices for the home",
                "description": "Text to speech: spoken at once, or into files in the background.",
                "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": ".", "description": "Where this document is."}],
            "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in self._operations)],
            "paths": paths,
            "components": {"schemas": schemas},
            "x-websockets": [_websocket(operation) for operation in self._websockets],
        }
        if self._has_key:
            document["components"]["securitySchemes"] = {
                _SECURITY: {"type": "http", "scheme": "bearer", "description": "The key of http.api_key."}
            }
            document["security"] = [{_SECURITY: []}]
        return document

    def _read_types(self) -> None:
        for operation in self._operations:
            for kind in (operation.body, operation.query, operation.upload and operation.upload.fields):
                if kind is not None:
                    self._add(kind, "validation")
            if operation.answer is not None and not isinstance(operation.answer, Media):
                self._add(operation.answer, "serialization")
        self._add(Refusal, "serialization")
        self._add(OpenAIRefusal, "serialization")
        self._schemas, rest = TypeAdapter.json_schemas(self._types, ref_template=_REFERENCE)
        self._definitions = rest.get("$defs", {})

    def _add(self, kind: Any, mode: JsonSchemaMode) -> None:
        if (str(kind), mode) not in {(name, known) for name, known, _ in self._types}:
            self._types.append((str(kind), mode, TypeAdapter(kind)))

    def _schema(self, kind: Any, mode: JsonSchemaMode) -> Mapping[str, Any]:
        return self._schemas[str(kind), mode]

    def _name(self, kind: type[BaseModel]) -> str:
        return str(self._schema(kind, "validation")["$ref"].rpartition("/")[2])

    def _fields(self, kind: type[BaseModel]) -> Mapping[str, Any]:
        """The schema of a form or query itself: each of its fields is described by itself."""
        name = self._name(kind)
        self._only_fields.add(name)
        return self._definitions[name]

    def _paths(self) -> Document:
        paths: Document = {}
        for operation in self._operations:
            path = _PATTERN.sub(r"{\1}", operation.path)
            paths.setdefault(path, {})[operation.method.lower()] = self._operation(operation, path)
        return paths

    def _operation(self, operation: Operation, path: str) -> Document:
        described: Document = {
            "operationId": operation_id(operation.method, path),
            "summary": operation.summary,
            "tags": [operation.tag],
            "responses": self._answers(operation, path),
        }
        if operation.description:
            described["description"] = operation.description
        if parameters := [*_path_parameters(operation, path), *self._query_parameters(operation)]:
            described["parameters"] = parameters
        if content := self._request_content(operation):
            described["requestBody"] = {"required": _needs_body(operation), "content": content}
        if self._has_key and operation.open:
            described["security"] = []
        return described

    def _query_parameters(self, operation: Operation) -> list[Document]:
        if operation.query is None:
            return []
        schema = self._fields(operation.query)
        required = schema.get("required", ())
        return [
            {
                "name": name,
                "in": "query",
                "required": name in required,
                "schema": {key: value for key, value in field.items() if key != "description"},
                **({"description": field["description"]} if "description" in field else {}),
            }
            for name, field in schema.get("properties", {}).items()
        ]

    def _request_content(self, operation: Operation) -> Document:
        content: Document = {}
        if operation.body is not None:
            content["application/json"] = {"schema": self._schema(operation.body, "validation")}
        if operation.upload is not None:
            content["multipart/form-data"] = {"schema": self._form(operation.upload)}
        return content

    def _form(self, upload: Upload[Any]) -> Document:
        fields = self._fields(upload.fields)
        files = (*upload.files, *upload.optional_files)
        binary = {name: {"type": "string", "contentMediaType": "application/octet-stream"} for name in files}
        return {
            "type": "object",
            "properties": {**fields.get("properties", {}), **binary},
            "required": [*fields.get("required", ()), *upload.files],
        }

    def _answers(self, operation: Operation, path: str) -> Document:
        answers = {str(_status(operation)): self._answer(operation)}
        refusal = OpenAIRefusal if path.startswith(OPENAI_PREFIX) else Refusal
        content = {"application/json": {"schema": self._schema(refusal, "serialization")}}
        for status in sorted({error.http_status for error in _errors(operation, has_key=self._has_key)}):
            answers[str(status)] = {"description": HTTPStatus(status).phrase, "content": content}
        answers["default"] = {"description": "Any other error", "content": content}
        return answers

    def _answer(self, operation: Operation) -> Document:
        if operation.answer is None:
            return {"description": "Done"}
        if isinstance(operation.answer, Media):
            content: Document = {kind: {} for kind in operation.answer.types}
            return {"description": operation.answer.description, "content": content}
        schema = self._schema(operation.answer, "serialization")
        return {"description": operation.summary, "content": {"application/json": {"schema": schema}}}


def _websocket(operation: Operation) -> Document:
    """OpenAPI has no words for them: an extension of ours tells the little that there is."""
    path = _PATTERN.sub(r"{\1}", operation.path)
    return {"path": path, "summary": operation.summary, "description": operation.description}


def operation_id(method: str, path: str) -> str:
    """`get_api_voices_id` of `GET /api/voices/{id}`."""
    return "_".join([method.lower(), *re.findall(r"\w+", path)])


def _needs_body(operation: Operation) -> bool:
    return operation.body is None or any(field.is_required() for field in operation.body.model_fields.values())


def _status(operation: Operation) -> int:
    return 204 if operation.answer is None and operation.status == 200 else operation.status


def _errors(operation: Operation, *, has_key: bool) -> Sequence[type[SpeechError]]:
    errors: list[type[SpeechError]] = [*operation.errors, NotAllowed, Busy, SpeechError, InvalidRequest]
    if _PART.search(operation.path):
        errors.append(NotFound)
    if operation.query or operation.body or operation.upload:
        errors.append(Unprocessable)
    if operation.body or operation.upload:
        errors += [TooLarge, TooSlow, UnsupportedMedia]
    if operation.upload:
        errors.append(NoSpace)
    if has_key and not operation.open:
        errors.append(Unauthorized)
    return errors


def _path_parameters(operation: Operation, path: str) -> list[Document]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
            **({"description": operation.parameters[name]} if name in operation.parameters else {}),
        }
        for name in _PART.findall(path)
    ]
