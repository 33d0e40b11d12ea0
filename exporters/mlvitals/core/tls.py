"""TLS contexts, with errors that name the file at fault, and what OpenSSL says in words."""

from __future__ import annotations

import functools
import hashlib
import re
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
        """For new connections. Raises UnusableFileError."""
        if self._context is None:
            self._context = _usual() if self._settings == TlsConfig() else client_context(self._settings)
        return self._context

    def _digest(self) -> list[bytes]:
        files = (self._settings.ca_file, self._settings.cert_file, self._settings.key_file)
        return [_digest(path) for path in files if path]


class UnusableFileError(OSError):
    """A certificate, a key or a CA cannot be used: `path` is the file at fault."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"cannot use {path}: {why}")
        self.path = path


def client_context(settings: TlsConfig) -> ssl.SSLContext:
    """A context for calls. `ca_file` stands instead of the system's authorities, not beside them.

    Raises UnusableFileError.
    """
    with _reading(settings.ca_file or Path("the certificates of the system"), _NO_CERTIFICATE):
        context = ssl.create_default_context(cafile=settings.ca_file)
    context.minimum_version = VERSIONS[settings.min_version]
    if settings.cert_file and settings.key_file:
        load_chain(context, settings.cert_file, settings.key_file)
    if settings.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def load_authorities(context: ssl.SSLContext, ca_file: Path) -> None:
    """Load the CAs that the other side's certificate may be from. Raises UnusableFileError."""
    with _reading(ca_file, _NO_CERTIFICATE):
        context.load_verify_locations(ca_file)


def load_chain(context: ssl.SSLContext, cert_file: Path, key_file: Path) -> None:
    """Load a certificate and its key. Raises UnusableFileError."""
    try:
        context.load_cert_chain(cert_file, key_file, password=_no_password)
    except OSError as error:
        raise _fault(error, cert_file, key_file) from None


_NO_CERTIFICATE = "it holds no certificate in PEM form"
# The last one is what OpenSSL says when even the kinds of key differ.
_OTHER_KEY = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED")


@contextmanager
def _reading(path: Path, lacks: str) -> Iterator[None]:
    """OpenSSL's errors name no file."""
    try:
        yield
    except ssl.SSLError:
        raise UnusableFileError(path, lacks) from None
    except OSError as error:
        raise UnusableFileError(path, (error.strerror or str(error)).lower()) from None


def _fault(error: OSError, cert_file: Path, key_file: Path) -> UnusableFileError:
    """Which of the two is at fault, and why: OpenSSL says neither."""
    try:
        load_authorities(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), cert_file)
        with _reading(key_file, ""):
            key_file.read_bytes()
    except UnusableFileError as found:
        return found
    if not isinstance(error, ssl.SSLError):
        return UnusableFileError(key_file, str(error))
    if error.reason in _OTHER_KEY:
        return UnusableFileError(key_file, f"it is not the key of the certificate {cert_file}")
    if error.reason:
        return UnusableFileError(cert_file, f"{error.reason.replace('_', ' ').lower()} ({error.reason})")
    return UnusableFileError(key_file, "it holds no private key in PEM form")


def _no_password() -> str:
    # Without this OpenSSL would ask at the terminal.
    raise OSError("it has a passphrase")


@functools.cache
def _usual() -> ssl.SSLContext:
    """The system's authorities, loaded once: they take some megabytes."""
    return client_context(TlsConfig())


def _digest(path: Path) -> bytes:
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError as error:
        return str(error.errno).encode()


_NOT_TLS = "what answers there does not speak TLS: is it http://?"
_VERSION = "the server speaks no version of TLS that tls_config.min_version allows"
_NAME_IT = "name it as tls_config.cert_file and key_file"
_REFUSED = "the server does not take the client certificate of tls_config.cert_file"
_SAID = {
    "WRONG_VERSION_NUMBER": _NOT_TLS,
    "RECORD_LAYER_FAILURE": _NOT_TLS,
    "TLSV1_ALERT_PROTOCOL_VERSION": _VERSION,
    "UNSUPPORTED_PROTOCOL": _VERSION,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": f"the server asks for a client certificate: {_NAME_IT}",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": f"the server refuses; if it asks for a client certificate, {_NAME_IT}",
    "UNEXPECTED_EOF_WHILE_READING": f"the server hung up; if it asks for a client certificate, {_NAME_IT}",
    "TLSV1_ALERT_UNKNOWN_CA": f"{_REFUSED}: it trusts another CA",
    "SSLV3_ALERT_BAD_CERTIFICATE": _REFUSED,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": f"{_REFUSED}: it has expired",
}
"""OpenSSL's names of what ends a handshake -> what it means for the client."""


def in_words(text: str) -> str:
    """What Python says of a TLS connection, `[SSL: NAME] name (_ssl.c:1006)`, in words, OpenSSL's name after them."""
    if text.startswith("EOF occurred"):
        # The same without its name, where the end was found while writing.
        text = "[SSL: UNEXPECTED_EOF_WHILE_READING]"
    said = re.search(r"\[\w+: ([\w/]+)\]", text)
    if said is None:
        return text
    name = said[1]
    return f"{_SAID.get(name) or name.replace('_', ' ').lower()} ({name})"
