"""`engines`: make, list, check and remove environments, check engines, and audit packages for new ones."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from ..engines.base import engine_class
from ..errors import InvalidRequest
from ..models.environments.builds import DiskUse
from ..models.environments.check import Finding, check
from ..models.environments.environments import Environments, State
from ..models.registry import SERVICE, ModelEntry, RegistryFile, load_registry_file
from .engine_checks import add_audit_options, add_check_options, check_models, models_named, run_audit
from .options import add_common, config_from, service_from

_ANY = "any model of the hub"
_EXAMPLES_OF_CHECK = """\
A model is checked with its real weights on this machine: speech, cancelling, memory, damaged files and more.
  wyoming-openspeakers engines check               all environments that are installed
  wyoming-openspeakers engines check torch         an environment
  wyoming-openspeakers engines check kokoro        a model, and the environment that it runs in
  wyoming-openspeakers engines check hibari --only cancel memory
What an environment and a model are both called is both checked."""
_EXAMPLES = """What follows -- is for the installer, which is uv where there is one and else pip:
  wyoming-openspeakers engines install torch -- --torch-backend cpu        uv: without CUDA, a tenth of the size
  wyoming-openspeakers engines install torch -- --index-url https://...    another package index"""


class _WithArguments(argparse.ArgumentParser):
    """A parser that leaves alone what follows `--`."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse what is before it."""
        args = list(args or ())
        end = args.index("--") if "--" in args else len(args)
        options, rest = super().parse_known_args(args[:end], namespace)
        options.arguments = args[end + 1 :]
        return options, rest


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("engines", help="make and check the environments of engines", description=__doc__)
    actions = parser.add_subparsers(metavar="ACTION", parser_class=_WithArguments)
    parser.set_defaults(run=_list)
    add_common(parser)
    for name, action, text, count in (
        ("list", _list, "list the environments and the models that need them (the default)", ""),
        ("install", _install, "make an environment, or bring it up to date", "+"),
        ("check", _check, "check an environment, or all that a model has to do, on this machine", "*"),
        ("remove", _remove, "delete an environment", "+"),
    ):
        sub = actions.add_parser(
            name, help=text, description=text, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if count:
            who = "environment, or a model or an engine that needs one"
            who = "environment, model or engine; all environments" if action is _check else who
            sub.add_argument("names", nargs=count, metavar="NAME", help=who)
        if action is _install:
            sub.epilog = _EXAMPLES
            sub.add_argument("--again", action="store_true", help="make it anew even if it is complete")
            sub.add_argument("--pip", action="store_true", help="use pip even if uv is there")
        elif action is _check:
            sub.epilog = _EXAMPLES_OF_CHECK
            add_check_options(sub)
        add_common(sub, below=True)
        sub.set_defaults(run=action)
    text = "look at a package before an engine is built on it: what bites later, and what to do about it"
    sub = actions.add_parser("audit", help=text, description=text)
    add_audit_options(sub)
    add_common(sub, below=True)
    sub.set_defaults(run=run_audit)


@dataclass
class _Use:
    """What needs an environment."""

    models: list[str] = field(default_factory=list)
    engines: set[str] = field(default_factory=set)


class _Command:
    """What all actions look at."""

    def __init__(self, options: argparse.Namespace) -> None:
        config = config_from(options, log_level=options.log_level or "warning")
        self.environments = Environments(config.data_path / "environments")
        self._file: RegistryFile = load_registry_file(options.models)

    def entries(self) -> dict[str, ModelEntry]:
        """The models by their ids."""
        return {name: entry for name, entry in self._file.models.items() if entry.enabled}

    def uses(self, environment: str) -> _Use:
        """What needs an environment."""
        use = _Use()
        for name, entry in [*self.entries().items(), (_ANY, self._file.on_demand)]:
            if entry.environment == environment:
                use.models.append(name)
                use.engines.add(entry.engine)
        return use

    def names(self) -> list[str]:
        """All environments that there are, that can be made, or that a model asks for."""
        asked = {entry.environment for entry in self.entries().values()} - {SERVICE}
        return sorted({*self.environments.names(), *asked})

    def named(self, names: Iterable[str]) -> list[str]:
        """The environments that are meant by names of environments, models or engines."""
        return list(dict.fromkeys(environment for name in names for environment in self._meant(name)))

    def _meant(self, name: str) -> Sequence[str]:
        if name in self.environments.names():
            return [name]
        entries = [entry for model, entry in self.entries().items() if name == model or name in entry.aliases]
        if not entries:
            entries = [entry for entry in [*self.entries().values(), self._file.on_demand] if entry.engine == name]
        if not entries:
            engines = {entry.engine for entry in self.entries().values()} | {self._file.on_demand.engine}
            text = f"There is no environment, model or engine {name!r}"
            if close := get_close_matches(name, [*self.names(), *self.entries(), *engines], 1):
                raise InvalidRequest(f"{text}; did you mean {close[0]}?")
            raise InvalidRequest(
                f"{text}; environments: {_joined(self.names())}; "
                f"models: {_joined(self.entries())}; engines: {_joined(sorted(engines))}"
            )
        found = list(dict.fromkeys(entry.environment for entry in entries if entry.environment != SERVICE))
        if not found:
            print(f"{name} runs in the service's own environment; there is nothing to do")
        return found

    def check(self, name: str) -> bool:
        """Check an environment and print what was found; whether it works."""
        findings: list[Finding] = []
        modules: list[str] = []
        for engine in sorted(self.uses(name).engines):
            try:
                modules += engine_class(engine).packages
            except Exception as error:
                # Whatever a module of the user's own raises while it is imported.
                findings.append(Finding(f"engine {engine}", False, f"there is none ({error})"))
        findings += check(self.environments, name, modules)
        for finding in findings:
            mark = "ok  " if finding.good else "FAIL" if finding.serious else "--  "
            print(f"{mark} {f'{name} {finding.subject}':<30} {finding.text}", flush=True)
        return all(finding.good or not finding.serious for finding in findings)


def _list(options: argparse.Namespace) -> int:
    command = _Command(options)
    for name in command.names():
        status = command.environments.status(name)
        version = f"Python {status.version}" if status.version else ""
        use = command.environments.disk_use(name).total
        print(f"{name:<12} {status.state:<16} {version:<14} {_size(use) if use else '':<9}".rstrip())
        if status.purpose:
            print(f"{'':<12} {status.purpose}")
        if models := command.uses(name).models:
            print(f"{'':<12} for {', '.join(models)}")
        if status.state is not State.INSTALLED:
            problem = command.environments.problem(name)
            print(f"{'':<12} {problem or f'`wyoming-openspeakers engines install {name}` brings it up to date'}")
    return 0


def _install(options: argparse.Namespace) -> int:
    command = _Command(options)
    good = True
    for name in command.named(options.names):
        # On a terminal the installer itself shows how far it is.
        done = command.environments.install(
            name,
            None if sys.stderr.isatty() else _print,
            arguments=options.arguments,
            again=options.again,
            use_pip=options.pip,
        )
        status = command.environments.status(name)
        print(f"{name} is {'ready' if done else 'there already'}: Python {status.version}, {_size_of(command, name)}")
        good &= command.check(name)
    return 0 if good else 1


def _check(options: argparse.Namespace) -> int:
    command = _Command(options)
    if not options.names:
        names = [name for name in command.names() if command.environments.state(name) is not State.NOT_INSTALLED]
        if not names:
            print("No environment is installed; all models run in the service's own")
        failed = [name for name in names if not command.check(name)]
        return 1 if failed else 0
    service = service_from(options, log_level=options.log_level or "error")
    models = list(dict.fromkeys(model for name in options.names for model in models_named(service, name)))
    environments = {service.registry.environment(model) for model in models}
    environments |= {name for name in options.names if name in command.environments.names()}
    # Who is neither is told so.
    others = [name for name in options.names if not models_named(service, name)]
    environments |= set(command.named(others))
    good = [command.check(name) for name in sorted(environments - {SERVICE})]
    if models:
        good.append(check_models(service, models, options))
    return 0 if all(good) else 1


def _remove(options: argparse.Namespace) -> int:
    command = _Command(options)
    for name in command.named(options.names):
        use = command.environments.remove(name)
        print(f"Removed {name}: {_freed(use)}" if use.total else f"{name} was not there")
    return 0


def _freed(use: DiskUse) -> str:
    freed = f"{_size(use.own)} freed"
    return f"{freed}; {_size(use.shared)} more are in the installer's cache, too" if use.shared else freed


def _size_of(command: _Command, name: str) -> str:
    return _size(command.environments.disk_use(name).total)


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def _joined(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _print(line: str) -> None:
    print(line, flush=True)
