"""JSON schemas for people: what a value is called, and what it may look like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DEEPEST = 5
_SAMPLES: Mapping[str, Any] = {"string": "...", "integer": 1, "number": 1.0, "boolean": True, "array": [], "null": None}


def type_name(schema: Mapping[str, Any]) -> str:
    """`array of string`."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return repr(schema["const"])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(type_name(choice) for choice in choices))
    kind = schema.get("type", "anything")
    if "contentMediaType" in schema:
        return "file"
    if kind == "array" and "items" in schema:
        return f"array of {type_name(schema['items'])}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {type_name(schema['additionalProperties'])}"
    return str(kind)


def example_of(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> Any:
    """Something that may be sent: the author's own example where there is one, else only what is required."""
    if depth > _DEEPEST:
        return None
    if "$ref" in schema:
        return example_of(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], depth + 1)
    if examples := schema.get("examples"):
        return examples[0]
    for choice in ("const", "default"):
        if schema.get(choice) is not None:
            return schema[choice]
    if "enum" in schema:
        return schema["enum"][0]
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return example_of(document, choices[0], depth + 1)
    if "contentMediaType" in schema:
        return "@recording.wav"
    if schema.get("type") == "object":
        required = schema.get("required", ())
        fields = schema.get("properties", {}).items()
        return {
            name: example_of(document, field, depth + 1)
            for name, field in fields
            if name in required or "examples" in field
        }
    if schema.get("type") == "array" and schema.get("minItems"):
        return [example_of(document, schema["items"], depth + 1)]
    return _SAMPLES.get(schema.get("type", ""), "...")
