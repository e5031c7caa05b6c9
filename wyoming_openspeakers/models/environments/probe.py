"""What an environment can do, told from inside: run as a script by the environment's own Python.

`python -I environment_probe.py FOLDER_OF_THIS_PACKAGE MODULE...` imports the modules and then the worker itself, with
nothing of the service's own packages in sight. It prints a line of JSON before and after each.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from typing import Any


def main(package: str, modules: list[str]) -> None:
    """Look at everything, whatever fails."""
    # What a module prints while it is imported must not come between.
    results = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def look(subject: str, action: Callable[[], str]) -> None:
        print(json.dumps({"subject": subject}), file=results)
        try:
            good, text = True, action()
        except BaseException as error:
            good, text = False, f"{type(error).__name__}: {error}"
        missing = not good and subject in modules and importlib.util.find_spec(subject.partition(".")[0]) is None
        print(json.dumps({"subject": subject, "good": good, "text": text, "missing": missing}), file=results)

    for module in modules:
        look(module, lambda module=module: _version(importlib.import_module(module)))  # type: ignore[misc]
    only(package)
    look("worker", lambda: _worker("wyoming_openspeakers.worker.server"))
    if "torch" in modules and "torch" in sys.modules:
        look("devices", lambda: _devices(sys.modules["torch"]))


def only(package: str) -> None:
    """Have this package, and nothing else from the folder that it is in."""
    name = os.path.basename(package)  # noqa: PTH119
    start = os.path.join(package, "__init__.py")  # noqa: PTH118
    spec = importlib.util.spec_from_file_location(name, start, submodule_search_locations=[package])
    if spec is None or spec.loader is None:
        raise ImportError(f"{package} is no package")
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


def _version(module: Any) -> str:
    name = module.__name__.partition(".")[0]
    found = importlib.metadata.packages_distributions().get(name)
    return importlib.metadata.version(found[0]) if found else str(getattr(module, "__version__", "no version"))


def _worker(module: str) -> str:
    importlib.import_module(module)
    return "starts"


def _devices(torch: Any) -> str:
    if torch.cuda.is_available():
        gpus = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
        return f"{', '.join(gpus)} (CUDA {torch.version.cuda})"
    if torch.backends.mps.is_available():
        return "Apple GPU"
    built = f"for CUDA {torch.version.cuda}" if torch.version.cuda else "without CUDA"
    return f"processor only; torch was built {built}"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
