"""`say` with the voice that comes with the service."""

import os
import pty
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import soundfile

Cli = Callable[..., Any]
Begin = Callable[..., subprocess.Popen[bytes]]

TEXT = "The lights in the kitchen are off now."


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "kind"), [("wav", "WAV"), ("flac", "FLAC"), ("ogg", "OGG"), ("mp3", "MP3")]
)
def test_a_sound_file(cli: Cli, tmp_path: Path, suffix: str, kind: str) -> None:
    path = tmp_path / f"said.{suffix}"
    outcome = cli("say", TEXT, "-o", str(path))
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")
    samples, rate = soundfile.read(path)
    assert soundfile.info(path).format == kind and rate == 24000 and samples.ndim == 1
    assert 1.5 < len(samples) / rate < 4
    assert abs(samples).max() > 0.1
    assert names(tmp_path) == [path.name]


@pytest.mark.slow
def test_speed(cli: Cli, tmp_path: Path) -> None:
    lengths = []
    for speed in ("0.7", "1.4"):
        assert cli("say", TEXT, "--speed", speed, "-o", str(tmp_path / "a.wav")).status == 0
        lengths.append(soundfile.info(tmp_path / "a.wav").duration)
    assert lengths[0] > 1.5 * lengths[1]


@pytest.mark.slow
def test_ssml(cli: Cli, tmp_path: Path) -> None:
    lengths = []
    for text in ("<speak>One. Two.</speak>", '<speak>One. <break time="3s"/>Two.</speak>'):
        assert cli("say", text, "--ssml", "-o", str(tmp_path / "a.wav")).status == 0
        lengths.append(soundfile.info(tmp_path / "a.wav").duration)
    assert lengths[1] - lengths[0] == pytest.approx(3, abs=0.2)


@pytest.mark.slow
def test_standard_input(begin: Begin, tmp_path: Path) -> None:
    path = tmp_path / "said.wav"
    process = begin("say", "-", "-o", str(path))
    out, err = process.communicate(TEXT.encode() + b" \xff\xfe", timeout=30)
    assert (process.returncode, out, err) == (0, b"", b"")
    assert 1.5 < soundfile.info(path).duration < 4


@pytest.mark.slow
def test_a_file_that_is_there_is_replaced_only_by_a_whole_one(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "said.wav"
    path.write_text("what was there")
    assert cli("say", TEXT, "--voice", "gone", "-o", str(path)).status == 2
    assert path.read_text() == "what was there"
    assert cli("say", TEXT, "-o", str(path)).status == 0
    assert soundfile.info(path).duration > 1
    assert not stat.S_IMODE(path.stat().st_mode) & 0o111


@pytest.mark.slow
def test_a_link_stays_a_link(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "link.wav").symlink_to(tmp_path / "real.wav")
    assert cli("say", "Yes.", "-o", str(tmp_path / "link.wav")).status == 0
    assert (tmp_path / "link.wav").is_symlink() and soundfile.info(tmp_path / "real.wav").duration > 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--voice", "gone", "-o", "{}/a.wav"), "no voice 'gone'.*hibari/heart"),
        (("-o", "{}/a.xyz"), r"format of .*/a\.xyz: .*\.wav, \.flac, \.ogg"),
        (("-o", "{}/a"), "its name must end in"),
        (("-o", "{}/gone/a.wav"), r"Cannot write .*/gone/a\.wav: No such file or directory"),
        (("-o", "{}/folder.wav"), r"Cannot write .*: it is a folder"),
        (("--speed", "9", "-o", "{}/a.wav"), r"voice\.speed.*4"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(
    cli: Cli, tmp_path: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    (tmp_path / "folder.wav").mkdir()
    outcome = cli("say", TEXT, *(argument.format(tmp_path) for argument in arguments))
    assert outcome.status == 2 and outcome.out == ""
    assert re.fullmatch(rf"error: .*{complaint}.*\n", outcome.err), outcome.err
    assert names(tmp_path) == ["folder.wav"]


def test_too_long_a_text(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENSPEAKERS__TEXT__MAX_CHARACTERS", "10")
    outcome = cli("say", TEXT, "-o", str(tmp_path / "a.wav"))
    assert outcome.status == 2 and outcome.err.count("\n") == 1 and "10" in outcome.err
    assert not names(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)]
)
def test_an_interruption_leaves_no_file_and_no_worker(
    begin: Begin, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    process = begin("say", f"{TEXT} " * 2000, "-o", str(tmp_path / "long.wav"), "--data-dir", str(tmp_path / "data"))
    deadline = time.monotonic() + 20
    while not any(path.stat().st_size > 10_000 for path in tmp_path.glob(".long.wav.*")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    workers = psutil.Process(process.pid).children(recursive=True)
    assert workers
    process.send_signal(number)
    _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (status, b"")
    assert names(tmp_path) == ["data"]
    _, alive = psutil.wait_procs(workers, timeout=3)
    assert not alive


@pytest.mark.slow
def test_progress_is_shown_on_a_terminal(begin: Begin, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = begin("say", f"{TEXT} And on. {TEXT}", "-o", str(tmp_path / "a.wav"), stderr=theirs)
    os.close(theirs)
    shown = b""
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        try:
            while piece := terminal.read(4096):
                shown += piece
        except OSError:
            pass
    process.communicate(timeout=30)
    assert process.returncode == 0
    steps = re.findall(rb"\r +(\d+\.\d) s of audio, +(\d+)% of the text", shown)
    assert len(steps) > 3 and steps[-1][1] == b"100"
    assert [float(seconds) for seconds, _ in steps] == sorted(float(seconds) for seconds, _ in steps)
    assert float(steps[-1][0]) == pytest.approx(soundfile.info(tmp_path / "a.wav").duration, abs=0.1)
    assert shown.endswith(b"\n")


# Playing


def player(folder: Path, script: str) -> None:
    path = folder / "aplay"
    path.write_text(f"#!{sys.executable}\nimport sys\n{script}\n")
    path.chmod(0o755)


def test_it_is_played_with_what_there_is(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = tmp_path / "heard"
    player(tmp_path, f"open({str(heard)!r}, 'wb').write(sys.stdin.buffer.read()); print(sys.argv[1:])")
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = cli("say", TEXT)
    assert outcome.status == 0 and "'-r', '24000'" in outcome.out
    assert 1.5 < heard.stat().st_size / 2 / 24000 < 4


def test_a_player_that_fails_is_an_error(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    player(tmp_path, "sys.exit(1)")
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = cli("say", f"{TEXT} " * 5)
    assert outcome.status == 1 and re.fullmatch(r"error: aplay .*-o.*\n", outcome.err)


def test_without_a_player_it_says_what_to_install(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = cli("say", TEXT)
    assert outcome.status == 2 and re.fullmatch(r"error: Nothing to play with; .*aplay.* -o\n", outcome.err)
