"""An audit in Markdown: a verdict for each topic first, then the places and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .audit import Audit
from .topic import TOPICS, Finding, Topic

_MOST = 25
"""Places of a topic that are listed."""

_CLEAN, _LOOK, _ACT = "nothing found", "look at it", "**to do**"


def verdict(audit: Audit, topic: Topic) -> str:
    """What an audit says about a topic."""
    if audit.is_to_do(topic):
        return _ACT
    return _LOOK if audit.of(topic) else _CLEAN


def markdown(audit: Audit) -> str:
    """The whole audit."""
    parts = (_head, _verdicts, _dependencies, _imports, _places, _contents)
    return "\n".join(line for part in parts for line in part(audit)) + "\n"


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
    for environment, one in audit.together.items():
        yield f"- Together with the environment `{environment}`: {one.refusal or f'it brings {_listed(one.brings)}'}"


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
        # What an engine comes by first.
        findings = sorted(findings, key=lambda finding: finding.is_aside)
        yield from (f"- `{finding.place}`: {finding.what}{_aside(finding)}" for finding in findings[:_MOST])
        if len(findings) > _MOST:
            yield f"- and {len(findings) - _MOST} more"


def _aside(finding: Finding) -> str:
    return " (for training, tests or a demonstration)" if finding.is_aside else ""


def _imports(audit: Audit) -> Iterator[str]:
    imports = audit.imports
    yield "\n## What it really imports\n"
    yield f"- At once: {_listed(imports.at_once)}"
    yield f"- Inside of functions, where it does without, or for training and the like: {_listed(imports.later)}"
    yield f"- Imported at once, but not among what it depends on: {_listed(imports.unsaid)}"
    yield f"- Among what it depends on, but no module of that name is imported: {_listed(imports.unused)}"


def _dependencies(audit: Audit) -> Iterator[str]:
    if not audit.dependencies and not audit.unknown:
        return
    yield "\n## What it depends on and no environment has\n"
    yield "| Package | Licence | Size | To do | Look at it |"
    yield "| --- | --- | --: | --- | --- |"
    for one in audit.dependencies:
        to_do = _listed(topic.name for topic in TOPICS if one.is_to_do(topic))
        look = _listed(topic.name for topic in TOPICS if one.of(topic) and not one.is_to_do(topic))
        licence = one.licence or "it does not say"
        yield f"| {one.name} {one.version} | {licence} | {one.size / 1e6:.1f} MB | {to_do} | {look} |"
    yield from (f"| {name} | | | {' '.join(why.split())} | |" for name, why in audit.unknown.items())
    yield "\n`engines audit` of each says where."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"


def _contents(audit: Audit) -> Iterator[str]:
    if audit.data:
        yield "\n## Large files in it\n"
        yield from (f"- `{name}`: {size / 1e6:.1f} MB" for name, size in audit.data)
