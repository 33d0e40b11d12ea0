"""TLS contexts, with errors that name the file at fault."""

from __future__ import annotations

import functools
import hashlib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlvitals.core.settings import TlsConfig

VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}


class ClientTls:
    """The TLS side of one client. Certificates that have changed are taken by the next collection."""

    def __init__(self, settings: TlsConfig) -> None:
        self._settings = settings
        self._seen = self._digest()
        self._context: ssl.SSLContext | None = None

    @property
    def server_name(self) -> str | None:
        """The name that the server's certificate must have; None: the host of the URL."""
        return self._settings.server_name

    @property
    def verifies(self) -> bool:
        """The server's certificate is checked."""
        return not self._settings.insecure_skip_verify

    def changed(self) -> bool:
        """A file is another one than when this was last asked: connections made before are to be closed."""
        before, self._seen = self._seen, self._digest()
        if before == self._seen:
            return False
        self._context = None
        return True

    def context(self) -> ssl.SSLContext:
        """For new connections. Raises OSError (ssl.SSLError included) when a file cannot be used."""
        if self._context is None:
            self._context = _usual() if self._settings == TlsConfig() else client_context(self._settings)
        return self._context

    def _digest(self) -> list[bytes]:
        files = (self._settings.ca_file, self._settings.cert_file, self._settings.key_file)
        return [_digest(path) for path in files if path]


def client_context(settings: TlsConfig) -> ssl.SSLContext:
    """A context for calls. `ca_file` stands instead of the system's authorities, not beside them.

    Raises OSError (ssl.SSLError included) when a file cannot be used.
    """
    with naming(str(settings.ca_file or "the certificates of the system")):
        context = ssl.create_default_context(cafile=settings.ca_file)
    context.minimum_version = VERSIONS[settings.min_version]
    if settings.cert_file and settings.key_file:
        load_chain(context, settings.cert_file, settings.key_file)
    if settings.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def load_chain(context: ssl.SSLContext, cert_file: Path, key_file: Path) -> None:
    """Load a certificate and its key. Raises OSError (ssl.SSLError included)."""
    with naming(f"{cert_file} with the key {key_file}"):
        context.load_cert_chain(cert_file, key_file, password=_no_password)


@contextmanager
def naming(what: str) -> Iterator[None]:
    """OpenSSL's errors name no file."""
    try:
        yield
    except OSError as error:
        reason = (getattr(error, "reason", None) or error.strerror or str(error)).replace("_", " ").lower()
        raise OSError(f"cannot use {what}: {reason}") from None


def _no_password() -> str:
    # Without this OpenSSL would ask at the terminal.
    raise OSError("the key has a passphrase")


@functools.cache
def _usual() -> ssl.SSLContext:
    """The system's authorities, loaded once: they take some megabytes."""
    return client_context(TlsConfig())


def _digest(path: Path) -> bytes:
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError as error:
        return str(error.errno).encode()
