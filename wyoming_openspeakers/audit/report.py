"""An audit in Markdown: a verdict for each topic first, then the places and what to do."""

from __future__ import annotations

from collections.abc import Iterator

from .audit import Audit
from .topic import TOPICS, Topic

_MOST = 25
"""Places of a topic that are listed."""

_CLEAN, _LOOK, _ACT = "nothing found", "look at it", "**to do**"


def verdict(audit: Audit, topic: Topic) -> str:
    """What an audit says about a topic."""
    return (_ACT if topic.serious else _LOOK) if audit.of(topic) else _CLEAN


def markdown(audit: Audit) -> str:
    """The whole audit."""
    return "\n".join([*_head(audit), *_verdicts(audit), *_places(audit), *_contents(audit)]) + "\n"


def _head(audit: Audit) -> Iterator[str]:
    yield f"# Audit of {audit.name} {audit.version}"
    yield ""
    if audit.summary:
        yield f"{audit.summary}\n"
    yield f"- Licence: {audit.licence or 'it does not say'}"
    yield f"- Size: {audit.size / 1e6:.1f} MB in {audit.modules} modules, without what it depends on"
    yield f"- Depends on: {', '.join(audit.requirements) or 'nothing'}"
    yield f"- Commands: {', '.join(audit.scripts) or 'none'}"
    yield f"- Native libraries: {', '.join(audit.native) or 'none'}"
    for environment, said in audit.together.items():
        yield f"- Together with the environment `{environment}`: {said or 'all its dependencies go with it'}"


def _verdicts(audit: Audit) -> Iterator[str]:
    yield "\n| Topic | Verdict | Places |"
    yield "| --- | --- | --: |"
    for topic in TOPICS:
        yield f"| {topic.name} | {verdict(audit, topic)} | {len(audit.of(topic)) or ''} |"


def _places(audit: Audit) -> Iterator[str]:
    for topic in TOPICS:
        findings = audit.of(topic)
        if not findings:
            continue
        yield f"\n## {topic.name}\n\n{topic.why} {topic.fix}\n"
        yield from (f"- `{finding.place}`: {finding.what}" for finding in findings[:_MOST])
        if len(findings) > _MOST:
            yield f"- and {len(findings) - _MOST} more"


def _contents(audit: Audit) -> Iterator[str]:
    if audit.data:
        yield "\n## Large files in it\n"
        yield from (f"- `{name}`: {size / 1e6:.1f} MB" for name, size in audit.data)
