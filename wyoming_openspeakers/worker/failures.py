"""What an engine's failure means for the service."""

from __future__ import annotations

import errno
import logging
import traceback
from collections.abc import Iterator

from ..engines.base import EngineError
from .protocol import OUT_OF_MEMORY

_LOGGER = logging.getLogger(__name__)

_OUT_OF_MEMORY_WORDS = ("out of memory", "can't allocate memory", "bad_alloc", "failed to allocate", "alloc_failed")


def explain_loading(failure: BaseException, model: str, device: str = "cpu") -> EngineError:
    """Why a model is not loaded or parked: a new error, for the old one's traceback keeps alive what it had."""
    if isinstance(failure, EngineError):
        return _copy(failure)
    _LOGGER.error("Loading, parking or unloading %s failed", model, exc_info=failure)
    if is_out_of_memory(failure):
        where = "" if device == "cpu" else f" on {device}"
        return EngineError(f"there is not enough memory{where}", OUT_OF_MEMORY)
    return EngineError(f"{type(failure).__name__}: {failure}")


def explain_speaking(failure: BaseException, model: str) -> EngineError:
    """Why a segment was not spoken, likewise; the text that was to be said is nobody's business but the listener's."""
    if isinstance(failure, EngineError):
        return _copy(failure)
    name = type(failure).__name__
    where = "".join(traceback.format_tb(failure.__traceback__))
    _LOGGER.error("The engine failed with a %s\n%s", name, where)
    _LOGGER.debug("It said: %s", failure)
    if is_out_of_memory(failure):
        return EngineError(f"There is not enough memory for {model} to speak this", OUT_OF_MEMORY)
    return EngineError(f"The engine failed with a {name}; the log tells where")


def _copy(failure: EngineError) -> EngineError:
    return EngineError(str(failure), OUT_OF_MEMORY if is_out_of_memory(failure) else failure.code)


def is_out_of_memory(failure: BaseException) -> bool:
    """Whether a failure, or what it came from, is a lack of memory, in the words of whichever library met it."""
    return any(_says_out_of_memory(error) for error in _chain(failure))


def _says_out_of_memory(error: BaseException) -> bool:
    kind = type(error)
    if isinstance(error, EngineError):
        return error.code == OUT_OF_MEMORY
    if isinstance(error, MemoryError) or any(base.__name__ == "OutOfMemoryError" for base in kind.__mro__):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    # Other errors may quote a text that is about memory.
    is_native = isinstance(error, RuntimeError) or kind.__module__.startswith("onnxruntime")
    return is_native and any(words in str(error).lower() for words in _OUT_OF_MEMORY_WORDS)


def _chain(failure: BaseException) -> Iterator[BaseException]:
    error: BaseException | None = failure
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
