"""A file that is being written is read whole, or not at all."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from mlvitals import config, steadyfile

WHOLE = "exporters: []\n"


def test_a_file_that_is_written_all_the_time_is_a_clear_error(tmp_path: Path) -> None:
    file, ended = tmp_path / "mlvitals.yml", threading.Event()

    def write() -> None:
        while not ended.wait(0.01):
            with file.open("a") as out:
                out.write("# another line\n")

    file.write_text(WHOLE)
    thread = threading.Thread(target=write)
    thread.start()
    try:
        with pytest.raises(config.ConfigError, match=r"mlvitals\.yml: it is still being written; load it again"):
            config.load(file)
    finally:
        ended.set()
        thread.join()
    assert config.load(file).exporters == ()


def test_a_file_that_was_replaced_while_it_was_read_is_read_again(tmp_path: Path) -> None:
    file, other, texts = tmp_path / "a", tmp_path / "b", ["old\n" * 99, "new\n" * 99]
    for path, text in zip((file, other), texts, strict=True):
        path.write_text(text)
        os.utime(path, (1_000_000_000, 1_000_000_000))
    real, opened = Path.open, threading.Event()

    class Opened(type(file)):  # type: ignore[misc]
        """The path of the file: it becomes another one once it is open."""

        def open(self, *arguments: object) -> object:
            found = real(self, *arguments)  # type: ignore[call-overload]
            if not opened.is_set():
                opened.set()
                other.replace(file)
            return found

    assert steadyfile.read(Opened(file), 1000).decode() == texts[1]


def test_a_file_of_a_clock_that_is_ahead_is_read(tmp_path: Path) -> None:
    file = tmp_path / "mlvitals.yml"
    file.write_text(WHOLE)
    ahead = time.time() + 3600
    os.utime(file, (ahead, ahead))
    assert steadyfile.read(file, 1000).decode() == WHOLE


def test_what_is_no_file_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(WHOLE))
    writer.start()
    assert steadyfile.read(pipe, 1000).decode() == WHOLE
    writer.join()
