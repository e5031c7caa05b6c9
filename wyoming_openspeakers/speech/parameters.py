"""Whether an engine knows the parameters that a request gives it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..engines.capabilities import Capabilities
from ..errors import InvalidRequest
from ..models.parameter_schema import problem_of


def check_parameters(capabilities: Capabilities, given: Mapping[str, Any], param: str = "extra") -> None:
    """Raise InvalidRequest that names the first parameter which the engine does not know or cannot take.

    `param` is where in the request they stand.
    """
    for name, value in given.items():
        schema = capabilities.parameters.get(name)
        if schema is None:
            known = ", ".join(capabilities.parameters) or "none"
            raise InvalidRequest(f"There is no parameter {name[:80]!r}; parameters: {known}", f"{param}.{name[:80]}")
        if problem := problem_of(schema, value):
            raise InvalidRequest(f"{name} {problem}", f"{param}.{name}")
