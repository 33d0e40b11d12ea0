"""Resident memory of the idle serving process, against an exporter built on the official MLflow client.

The rival only imports the client and serves an empty registry: what any exporter made that way costs before its work.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from mlvitals.core import server

RIVAL = """
import threading, mlflow, prometheus_client
from mlflow import MlflowClient
MlflowClient("http://127.0.0.1:9")
prometheus_client.start_http_server(0, "127.0.0.1")
print("ready", flush=True)
threading.Event().wait()
"""


def resident(pid: int) -> float:
    """MiB of a process that are in memory now."""
    match = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert match
    return int(match[1]) / 1024


def measure(command: list[str], ready: str) -> float:
    """Start it, wait for the line that says it is ready, and look."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert child.stdout is not None
        next(line for line in child.stdout if ready in line)
        return resident(child.pid)
    finally:
        child.terminate()
        child.wait()


def main() -> None:
    """Print one row."""
    closed = server.listen("127.0.0.1:0")
    url = f"http://{server.address_of(closed)}"
    for sock in closed:
        sock.close()
    run = [sys.executable, "-m", "mlvitals", "run", "mlflow", "--set", f"url={url}", "--listen", "127.0.0.1:0"]
    ours = measure(run, "target failed")
    theirs = measure([sys.executable, "-c", RIVAL], "ready")
    ratio = theirs / ours
    print(f"idle memory: mlvitals {ours:.0f} MiB   MLflow client + prometheus_client {theirs:.0f} MiB   {ratio:.1f}x")


if __name__ == "__main__":
    main()
