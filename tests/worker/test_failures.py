"""What the service is told of an engine's failure."""

from __future__ import annotations

import errno

import pytest

from wyoming_openspeakers.engines.base import EngineError
from wyoming_openspeakers.worker.failures import explain_loading, explain_speaking, is_out_of_memory


class OutOfMemoryError(RuntimeError):
    """As in torch."""


class TorchOutOfMemoryError(OutOfMemoryError):
    """One that a library made of it."""


class RuntimeException(Exception):
    """As in onnxruntime."""

    __module__ = "onnxruntime.capi.onnxruntime_pybind11_state"


def caused(outer: Exception, inner: Exception, *, hide: bool = False) -> Exception:
    """An error raised while another was handled."""
    try:
        try:
            raise inner
        except Exception:
            if hide:
                raise outer from None
            raise outer  # noqa: B904
    except Exception as error:
        return error


@pytest.mark.parametrize(
    "failure",
    [
        MemoryError(),
        OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
        TorchOutOfMemoryError(""),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("MPS backend out of memory (MPS allocated: 18.00 GB)"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("cuBLAS error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeException("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : std::bad_alloc"),
        RuntimeException("bfc_arena.cc:376 Failed to allocate memory for requested buffer of size 4294967296"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        EngineError("two minutes of dialogue need a larger GPU", "out_of_memory"),
        caused(ValueError("no weights"), MemoryError()),
    ],
)
def test_every_library_says_it_in_its_way(failure: Exception) -> None:
    assert is_out_of_memory(failure)
    assert explain_speaking(failure, "m").code == explain_loading(failure, "m").code == "out_of_memory"


@pytest.mark.parametrize(
    "failure",
    [
        ValueError("cannot say 'I am out of memory'"),
        KeyError("bad_alloc"),
        RuntimeError("size mismatch"),
        OSError(errno.ENOENT, "No such file"),
        EngineError("out of memory is a fine song", "unknown_voice"),
        caused(ValueError("no such voice"), MemoryError(), hide=True),
    ],
)
def test_other_failures_are_not_about_memory(failure: Exception) -> None:
    assert not is_out_of_memory(failure)


def test_what_an_engine_explains_is_told_as_it_is() -> None:
    told = explain_speaking(EngineError("two minutes need a larger GPU", "out_of_memory"), "m")
    assert (str(told), told.code) == ("two minutes need a larger GPU", "out_of_memory")
    told = explain_loading(EngineError("there is no such voice", "unknown_voice"), "m")
    assert (str(told), told.code) == ("there is no such voice", "unknown_voice")


def test_where_memory_is_short_is_told() -> None:
    assert str(explain_loading(MemoryError(), "m", "cuda:1")) == "there is not enough memory on cuda:1"
    assert str(explain_loading(MemoryError(), "m", "cpu")) == "there is not enough memory"


def test_only_loading_tells_an_errors_own_words(caplog: pytest.LogCaptureFixture) -> None:
    secret = ValueError("cannot say 'the key is under the mat'")
    with caplog.at_level("INFO"):
        assert str(explain_speaking(secret, "m")) == "The engine failed with a ValueError; the log tells where"
    assert "mat" not in caplog.text
    assert str(explain_loading(ValueError("bad header"), "m")) == "ValueError: bad header"


def test_nothing_of_the_failure_is_kept() -> None:
    for explain in (explain_speaking, explain_loading):
        told = explain(caused(ValueError(), MemoryError()), "m")
        assert (told.__traceback__, told.__context__, told.__cause__) == (None, None, None)


def test_a_chain_that_bites_its_tail_ends() -> None:
    one, two = ValueError(), ValueError()
    one.__cause__, two.__cause__ = two, one
    assert not is_out_of_memory(one)
