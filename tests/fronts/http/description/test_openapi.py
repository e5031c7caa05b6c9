"""The description: valid, complete, the same as what is checked, and readable."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from enum import StrEnum
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema_rs
import pytest
import schemathesis
from pydantic import BaseModel, Field
from side_server import serving

from wyoming_openspeakers import __version__
from wyoming_openspeakers.errors import Busy, Conflict, InvalidRequest, SpeechError, UnknownVoice
from wyoming_openspeakers.fronts.http.api import Body, Media, Operation, Query, Upload
from wyoming_openspeakers.fronts.http.description.openapi import Description, OpenAIRefusal, Refusal
from wyoming_openspeakers.fronts.http.description.page import docs_page
from wyoming_openspeakers.fronts.http.errors import answer_to


class Kind(StrEnum):
    CLONED = "cloned"
    PRESET = "preset"


class Line(BaseModel):
    text: str = Field(description="What to <say>.", examples=["It's \"ready\""])
    pitch: float = Field(0.0, ge=-12, le=12)


class NewBatch(Body):
    """Lines to speak."""

    lines: list[Line] = Field(min_length=1, max_length=3)
    kind: Kind = Kind.CLONED
    extra: dict[str, Any] = Field({})


class BatchInfo(BaseModel):
    id: str
    error: str | None = None


class Which(Query):
    page: int = Field(1, ge=1, description="From 1.")
    kind: Kind | None = None


class Fields(BaseModel):
    name: str
    consent: bool = False


async def never(call: Any) -> None:
    raise AssertionError


OPERATIONS = [
    Operation("POST", "/api/batches", never, "Speak lines", "Batches", body=NewBatch, answer=BatchInfo, status=202),
    Operation("GET", "/api/batches", never, "List", "Batches", "All of <them>.", query=Which, answer=list[BatchInfo]),
    Operation(
        "DELETE", "/api/batches/{id}", never, "Remove", "Batches", errors=[Conflict], parameters={"id": "Its id."}
    ),
    Operation(
        "GET",
        r"/v1/files/{name:.+}/audio",
        never,
        "Hear",
        "Files",
        answer=Media(["audio/mpeg", "audio/wav"], "The sound"),
    ),
    Operation("POST", "/api/voices", never, "Add", "Voices", upload=Upload(Fields, ["sample"]), answer=BatchInfo),
    Operation("GET", "/health", never, "Health", "System", answer=dict[str, str], open=True),
    Operation("GET", "/ws/x", never, "Live", "System", websocket=True),
]


@pytest.fixture
def document() -> dict[str, Any]:
    return Description(OPERATIONS, has_key=True).document()


def test_what_an_operation_looks_like(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0" and document["info"]["version"] == __version__
    post = document["paths"]["/api/batches"]["post"]
    assert post["operationId"] == "post_api_batches"
    assert post["requestBody"] == {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewBatch"}}},
    }
    assert post["responses"]["202"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/BatchInfo"
    }
    schemas = document["components"]["schemas"]
    assert schemas["Line"]["properties"]["pitch"] == {
        "default": 0.0,
        "maximum": 12,
        "minimum": -12,
        "title": "Pitch",
        "type": "number",
    }
    assert "Which" not in schemas and "Fields" not in schemas


def test_parameters_of_path_and_query(document: dict[str, Any]) -> None:
    [page, kind] = document["paths"]["/api/batches"]["get"]["parameters"]
    assert (page["name"], page["in"], page["required"], page["description"]) == ("page", "query", False, "From 1.")
    assert page["schema"]["minimum"] == 1 and "description" not in page["schema"]
    assert kind["schema"]["anyOf"] == [{"$ref": "#/components/schemas/Kind"}, {"type": "null"}]
    [name] = document["paths"]["/v1/files/{name}/audio"]["get"]["parameters"]
    assert (name["name"], name["in"], name["required"]) == ("name", "path", True)
    [ident] = document["paths"]["/api/batches/{id}"]["delete"]["parameters"]
    assert ident["description"] == "Its id."


@pytest.mark.slow
def test_json_or_a_form() -> None:
    operation = Operation("POST", "/a", never, "A", "A", body=Fields, upload=Upload(Fields, (), ["sample"]))
    document = Description([operation], has_key=False).document()
    content = document["paths"]["/a"]["post"]["requestBody"]["content"]
    assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/Fields"}
    assert content["multipart/form-data"]["schema"]["properties"].keys() == {"name", "consent", "sample"}
    check_document(document)
    assert docs_page(document)


def test_media_and_forms(document: dict[str, Any]) -> None:
    answers = document["paths"]["/v1/files/{name}/audio"]["get"]["responses"]
    assert answers["200"]["content"].keys() == {"audio/mpeg", "audio/wav"}
    schema = document["paths"]["/api/voices"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert schema["required"] == ["name", "sample"]
    assert schema["properties"]["sample"] == {"type": "string", "contentMediaType": "application/octet-stream"}


def test_errors_have_one_of_two_forms(document: dict[str, Any]) -> None:
    def refusals(path: str, method: str) -> dict[str, str]:
        answers = document["paths"][path][method]["responses"].items()
        return {
            status: answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            for status, answer in answers
            if not status.startswith("2")
        }

    delete = refusals("/api/batches/{id}", "delete")
    assert {"401", "403", "404", "409", "429", "500", "default"} <= delete.keys()
    assert set(delete.values()) == {"Refusal"}
    assert set(refusals("/v1/files/{name}/audio", "get").values()) == {"OpenAIRefusal"}
    assert {"408", "413", "415", "422", "507"} <= refusals("/api/voices", "post").keys()
    assert "401" not in refusals("/health", "get")


def test_the_key_is_told_where_there_is_one(document: dict[str, Any]) -> None:
    assert document["security"] == [{"key": []}]
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert document["paths"]["/health"]["get"]["security"] == []
    open_document = Description(OPERATIONS, has_key=False).document()
    assert "security" not in open_document and "securitySchemes" not in open_document["components"]


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(inner) for inner in value.values()))
    return set().union(*(references(inner) for inner in value)) if isinstance(value, list) else set()


def check_document(document: dict[str, Any]) -> None:
    """What an OpenAPI 3.1 validator looks at, and that each schema is a JSON schema of 2020-12."""
    schemathesis.openapi.from_dict(document).validate()
    schemas = document["components"]["schemas"]
    assert references(document) <= {f"#/components/schemas/{name}" for name in schemas}
    for schema in schemas.values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for path, methods in document["paths"].items():
        for operation in methods.values():
            named = {given["name"] for given in operation.get("parameters", ()) if given["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))
            assert operation["summary"] and operation["tags"]


def test_it_is_valid(document: dict[str, Any]) -> None:
    check_document(json.loads(json.dumps(document)))


@pytest.mark.parametrize("error", [Conflict("x"), InvalidRequest("x", "text"), Busy("x"), UnknownVoice("x")])
@pytest.mark.parametrize(("path", "described"), [("/api/x", Refusal), ("/v1/x", OpenAIRefusal)])
def test_errors_are_as_they_are_described(error: SpeechError, path: str, described: type[BaseModel]) -> None:
    body = answer_to(error, path).body
    assert isinstance(body, bytes)
    assert described.model_validate_json(body).model_dump(mode="json") == json.loads(body)


class Reader(HTMLParser):
    """Collects what a page refers to, and checks that it is well nested."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.tags: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.seen.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src") and value is not None]
        assert not [name for name in given if name.startswith("on") or name == "style"]
        if ident := given.get("id"):
            assert ident not in self.ids
            self.ids.add(ident)
        if tag != "meta":
            self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.tags.pop() == tag


def check_page(page: str, document: dict[str, Any]) -> None:
    reader = Reader()
    reader.feed(page)
    assert not reader.tags and not reader.seen & {"script", "img", "iframe", "form", "link", "base"}
    for link in reader.links:
        # Relative, so that it works under any prefix of a proxy.
        assert link == "openapi.json" or link.removeprefix("#") in reader.ids, link
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["operationId"] in reader.ids


def test_the_page_tells_all_and_needs_nothing_from_elsewhere(document: dict[str, Any]) -> None:
    page = docs_page(document)
    check_page(page, document)
    assert "All of &lt;them&gt;." in page and "What to &lt;say&gt;." in page and "<them>" not in page
    assert "/ws/x" in page and "?token=KEY" in page
    assert "curl -X POST" in page and "color-scheme: light dark" in page
    assert "-F &#x27;sample=@recording.wav&#x27;" in page
    assert "Authorization: Bearer KEY" in page
    assert "It&#x27;\\&#x27;&#x27;s" in page, "a quote in an example would end the shell's"


async def test_both_are_served(tmp_path: Path) -> None:
    async with serving(tmp_path, *OPERATIONS) as server, aiohttp.ClientSession(server.url) as client:
        async with client.get("/openapi.json") as answer:
            document = await answer.json()
            assert answer.content_type == "application/json"
        check_document(document)
        assert {"/openapi.json", "/docs", "/health"} <= document["paths"].keys()
        async with client.get("/docs") as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert answer.content_type == "text/html" and "script-src" not in policy and "default-src 'none'" in policy
            page = await answer.text()
    style = page.partition("<style>")[2].partition("</style>")[0]
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in policy


async def test_the_service_itself_is_described(start: Callable[..., Any]) -> None:
    service = await start()
    url = next(address for address in service.addresses if address.startswith("http:"))
    async with aiohttp.ClientSession(url) as client:
        document = await (await client.get("/openapi.json")).json()
        page = await (await client.get("/docs")).text()
    check_document(document)
    check_page(page, document)
    assert {"/v1/audio/speech", "/api/tts/generate", "/api/voices", "/api/models"} <= document["paths"].keys()
    assert {"/ws/jobs/{id}", "/ws/gpu"} <= {websocket["path"] for websocket in document["x-websockets"]}
