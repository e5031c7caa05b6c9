"""The description as a page for people: one file, no script, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from .schemas import example_of, type_name

_METHODS = ("get", "post", "put", "patch", "delete")

_STYLE = """
:root { color-scheme: light dark; --soft: color-mix(in srgb, currentColor 60%, transparent);
  --line: color-mix(in srgb, currentColor 18%, transparent);
  --field: color-mix(in srgb, currentColor 6%, transparent); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
h3 { margin: 1.2rem 0 .3rem; font-size: 1rem; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0; }
summary { padding: .5rem .8rem; cursor: pointer; overflow-wrap: anywhere; }
details > div { padding: 0 .8rem .8rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { background: var(--field); padding: .7rem; border-radius: .4rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
td { border-top: 1px solid var(--line); padding: .3rem .6rem .3rem 0; vertical-align: top; overflow-wrap: anywhere; }
td:first-child { white-space: nowrap; }
nav a { margin-right: 1rem; }
.method { display: inline-block; min-width: 4.5rem; font-weight: 700; }
.soft { color: var(--soft); }
"""

_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

PAGE_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'self'"

Document = Mapping[str, Any]


def docs_page(document: Document) -> str:
    """The page of an OpenAPI document."""
    info = document["info"]
    title = f"{escape(info['title'])} {escape(info['version'])}"
    return "".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title><style>{_STYLE}</style></head><body><header><h1>{title}</h1>",
            f"<p>{escape(info['description'])} ",
            'For programs: <a href="openapi.json">OpenAPI 3.1</a>.</p>',
            _key_note(document),
            "</header>",
            *_contents(document),
            *_subjects(document),
            *_websockets(document),
            *_schemas(document),
            "</body></html>",
        ]
    )


def _key_note(document: Document) -> str:
    if "security" not in document:
        return ""
    return "<p>Requests need the service's key: <code>Authorization: Bearer KEY</code>.</p>"


def _contents(document: Document) -> Iterator[str]:
    yield "<nav>"
    for tag in document["tags"]:
        yield f'<a href="#{_anchor(tag["name"])}">{escape(tag["name"])}</a>'
    yield '<a href="#websockets">WebSockets</a><a href="#schemas">Schemas</a></nav><main>'


def _subjects(document: Document) -> Iterator[str]:
    for tag in document["tags"]:
        yield f'<section><h2 id="{_anchor(tag["name"])}">{escape(tag["name"])}</h2>'
        for path, methods in document["paths"].items():
            for method in _METHODS:
                if method in methods and tag["name"] in methods[method]["tags"]:
                    yield from _operation(document, path, method, methods[method])
        yield "</section>"


def _operation(document: Document, path: str, method: str, operation: Document) -> Iterator[str]:
    yield f'<details id="{operation["operationId"]}"><summary><span class="method">{method.upper()}</span> '
    yield f'<code>{escape(path)}</code> <span class="soft">{escape(operation["summary"])}</span></summary><div>'
    if "description" in operation:
        yield f"<p>{escape(operation['description'])}</p>"
    if "parameters" in operation:
        yield "<h3>Parameters</h3><table>"
        for parameter in operation["parameters"]:
            place = f"in the {parameter['in']}" + (", required" if parameter["required"] else "")
            about = parameter.get("description", "")
            yield _row(parameter["name"], type_name(parameter["schema"]), place, _bounds(parameter["schema"]), about)
        yield "</table>"
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<h3>Body: {escape(kind)}</h3>"
        yield from _fields(document, content["schema"])
    yield "<h3>Answers</h3><table>"
    for status, answer in operation["responses"].items():
        kinds = ", ".join(
            f"{kind} {type_name(content['schema'])}" if "schema" in content else kind
            for kind, content in answer.get("content", {}).items()
        )
        yield _row(status, kinds, "", "", answer["description"])
    yield f"</table><h3>Example</h3><pre>{escape(_curl(document, path, method, operation))}</pre></div></details>"


def _websockets(document: Document) -> Iterator[str]:
    yield '<section><h2 id="websockets">WebSockets</h2>'
    if "security" in document:
        yield "<p>Browsers cannot send the key in a header: there, add <code>?token=KEY</code>.</p>"
    yield "<table>"
    for websocket in document["x-websockets"]:
        yield _row(websocket["path"], websocket["summary"], "", "", websocket["description"])
    yield "</table></section>"


def _schemas(document: Document) -> Iterator[str]:
    yield '<section><h2 id="schemas">Schemas</h2>'
    for name, schema in document["components"]["schemas"].items():
        yield f'<details id="schema-{_anchor(name)}"><summary><code>{escape(name)}</code> '
        yield f'<span class="soft">{escape(schema.get("description", ""))}</span></summary><div>'
        yield from _fields(document, schema)
        yield "</div></details>"
    yield "</section></main>"


def _fields(document: Document, schema: Document) -> Iterator[str]:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    required = schema.get("required", ())
    yield "<table>"
    if "properties" not in schema:
        yield _row("", type_name(schema), "", _bounds(schema), "")
    for name, field in schema.get("properties", {}).items():
        need = "required" if name in required else ""
        yield _row(name, type_name(field), need, _bounds(field), field.get("description", ""))
    yield "</table>"


def _row(name: str, kind: str, need: str, bounds: str, about: str) -> str:
    notes = " · ".join(escape(note) for note in (kind, need, bounds) if note)
    return f'<tr><td><code>{escape(name)}</code></td><td><span class="soft">{notes}</span> {escape(about)}</td></tr>'


def _bounds(schema: Document) -> str:
    names = {"minimum": "from", "maximum": "to", "minLength": "length from", "maxLength": "length to"}
    parts = [schema, *schema.get("anyOf", ())]
    bounds = [f"{word} {part[name]}" for part in parts for name, word in names.items() if name in part]
    if schema.get("default") is not None:
        bounds.append(f"default {json.dumps(schema['default'], ensure_ascii=False)}")
    return " ".join(bounds)


def _curl(document: Document, path: str, method: str, operation: Document) -> str:
    words = ["curl"]
    if method != "get":
        words.append(f"-X {method.upper()}")
    if "security" in document and operation.get("security") != []:
        words.append("-H 'Authorization: Bearer KEY'")
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        example = example_of(document, content["schema"])
        if kind == "multipart/form-data":
            words += [f"-F '{name}={_form_value(value)}'" for name, value in example.items()]
        else:
            text = json.dumps(example, ensure_ascii=False).replace("'", "'\\''")
            words += [f"-H 'Content-Type: {kind}'", f"-d '{text}'"]
    words.append(f"http://HOST:PORT{path}")
    return " \\\n  ".join([" ".join(words[:2]), *words[2:]])


def _form_value(value: Any) -> str:
    return str(value).replace("'", "'\\''") if not isinstance(value, (dict, list)) else json.dumps(value)


def _anchor(name: str) -> str:
    return escape(name.lower().replace(" ", "-"))
