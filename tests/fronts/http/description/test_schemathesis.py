"""Every operation, asked with what its description allows and what not: no fault, only described answers."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
import yaml
from conftest import ServeProcess
from fault_models import models_file
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from recordings import speech, wav
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from wyoming_openspeakers.fronts.http.errors import OPENAI_PREFIX

CASES = 40
"""Of each operation, half of them wrong."""

MOST_SECONDS = 400.0
"""Ten times as long as it takes on two cores of their own."""

KEY = "schema-key"
OF_THE_HUB = ("/api/models/trending", "/api/models/{id}/download")
"""What cannot be told without the internet, which is no fault of the service."""

RECORDING = wav(speech(8))


@pytest.fixture
def service(serve: Callable[..., ServeProcess], tmp_path: Path) -> ServeProcess:
    models = tmp_path / "models.yaml"
    tree = models_file(fault={}, mimic={})
    tree["models"]["mimic"]["engine"] = "faults.mimic"
    models.write_text(yaml.safe_dump(tree))
    return serve(
        "--models",
        str(models),
        "--log-level",
        "warning",
        OPENSPEAKERS__HTTP__API_KEY=KEY,
        OPENSPEAKERS__HTTP__REQUESTS_PER_MINUTE="0",
        HF_HUB_OFFLINE="1",
    )


@pytest.mark.slow
@pytest.mark.timeout(MOST_SECONDS + 60)
def test_the_service_is_as_it_is_described(service: ServeProcess) -> None:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {KEY}"
    schema = schemathesis.openapi.from_dict(session.get(f"{service.url}/openapi.json").json())
    known = Known(session, service.url)
    statuses: Counter[str] = Counter()
    failures: dict[str, str] = {}
    deadline = time.monotonic() + MOST_SECONDS
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        for mode in GenerationMode:
            name = f"{operation.label} ({mode.value})"
            try:
                for status in answers(operation, mode, service.url, session, known, deadline):
                    statuses[f"{status // 100}xx"] += 1
            except Unsatisfiable:
                continue
            except (Exception, FailureGroup) as failure:
                failures[name] = str(failure)
    count = sum(statuses.values())
    told = ", ".join(f"{number} {kind}" for kind, number in sorted(statuses.items()))
    print(f"\n{count} cases over {len(schema)} operations: {len(failures)} failures; answers: {told}")
    assert not failures, "\n\n".join(f"{name}\n{failure}" for name, failure in failures.items())
    assert time.monotonic() < deadline, "not all operations were asked"
    assert service.process.poll() is None
    assert statuses["2xx"] > count / 20, "hardly anything was ever carried out"


def answers(
    operation: Any, mode: GenerationMode, url: str, session: requests.Session, known: Known, deadline: float
) -> Iterator[int]:
    """Ask and check; the statuses of the answers."""
    statuses: list[int] = []

    @settings(
        max_examples=CASES // 2,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), is_real=st.booleans())
    def ask(case: Any, is_real: bool) -> None:
        if time.monotonic() > deadline:
            return
        if is_real:
            known.put_into(case)
        answer = case.call(base_url=url, session=session, timeout=20)
        statuses.append(answer.status_code)
        checks = CHECKS[1:] if case.path in OF_THE_HUB and answer.status_code == 502 else CHECKS
        case.validate_response(answer, checks=checks)
        check_error(case.path, answer)

    ask()
    yield from statuses


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    allow_header_conformance,
]


def check_error(path: str, answer: Any) -> None:
    """Errors are described as `default` too: look whether they have the form that belongs to their path."""
    if answer.status_code < 400:
        return
    told = json.loads(answer.content)
    assert ("error" in told) == path.startswith(OPENAI_PREFIX), told
    assert "x-request-id" in answer.headers


class Known:
    """Names of what there is, for the places of made-up ones: else nothing would ever be found."""

    def __init__(self, session: requests.Session, url: str) -> None:
        self._session = session
        self._url = url
        self._ids: dict[str, str] = {}

    def put_into(self, case: Any) -> None:
        """Make a case name what there is."""
        for name in case.path_parameters or {}:
            case.path_parameters[name] = self._id(case.path.partition("/{")[0], name)
        if isinstance(case.body, dict):
            for name in {"model", "model_id"} & case.body.keys():
                case.body[name] = "fault"
            for name in {"voice", "voice_id"} & case.body.keys():
                case.body[name] = "plain"
        if case.media_type == "multipart/form-data":
            file = "audio_sample" if case.path.startswith(OPENAI_PREFIX) else "reference_audio"
            model = "model" if case.path.startswith(OPENAI_PREFIX) else "model_id"
            case.body = {"name": f"Voice {time.monotonic()}", model: "mimic", "consent": "true", file: RECORDING}

    def _id(self, path: str, name: str) -> str:
        if name == "sample_id":
            return str(self._session.get(f"{self._url}/api/voices/{self._ids['_voice']}").json()["samples"][0]["id"])
        make = {
            "/api/tts/jobs": self._job,
            "/api/history": self._job,
            "/api/tts/batches": self._batch,
            "/api/voices": self._voice,
            "/v1/audio/voices": self._voice,
        }.get(path)
        if make is None:
            return "fault"
        kind = make.__name__
        if kind not in self._ids or not self._session.get(f"{self._url}{path}/{self._ids[kind]}").ok:
            self._ids[kind] = make()
        return self._ids[kind]

    def _job(self) -> str:
        job = self._ask("/api/tts/generate", json={"model_id": "fault", "text": "tone"})["job_id"]
        deadline = time.monotonic() + 10
        while self._session.get(f"{self._url}/api/tts/jobs/{job}").json()["status"] in ("pending", "running"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        return str(job)

    def _batch(self) -> str:
        return str(self._ask("/api/tts/batch", json={"model_id": "fault", "lines": ["tone", "tone"]})["batch_id"])

    def _voice(self) -> str:
        fields = {"name": f"Voice {time.monotonic()}", "model_id": "mimic"}
        return str(self._ask("/api/voices", data=fields, files={"reference_audio": ("a.wav", RECORDING)})["id"])

    def _ask(self, path: str, **body: Any) -> Any:
        answer = self._session.post(f"{self._url}{path}", **body)
        assert answer.ok, answer.text
        return answer.json()
