"""The `/jmx` page of Hadoop-like daemons: MBeans as JSON over HTTP."""

from __future__ import annotations

from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def daemon_of(url: str) -> str | None:
    """The name of the daemon at this URL, host:port and the path if there is one; None when it is no URL."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    host = parts.netloc.rpartition("@")[2].removesuffix(f":{parts.port}")
    return f"{host.lower()}:{port}{parts.path.rstrip('/')}" if host else None
