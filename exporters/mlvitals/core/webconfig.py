"""`web.yml`: TLS and basic auth of the server, in the form of Prometheus's exporter-toolkit.

Source: docs/web-configuration.md of prometheus/exporter-toolkit. What Python's TLS cannot do (asking for a client
certificate without verifying it) is refused, not ignored.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import bcrypt
from pydantic import Field, field_validator, model_validator

from mlvitals.core.settings import ConfigFile, Settings

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_VERIFY = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}


class TlsServer(Settings):
    """The server's certificate and whether clients must bring one."""

    cert_file: ConfigFile
    key_file: ConfigFile
    client_auth_type: Literal["", "NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"] = ""
    client_ca_file: ConfigFile | None = None
    min_version: Literal["TLS12", "TLS13"] = "TLS12"

    @model_validator(mode="after")
    def _ca_where_it_is_used(self) -> TlsServer:
        verifies = self.client_auth_type not in ("", "NoClientCert")
        if verifies != bool(self.client_ca_file):
            raise ValueError("expected client_ca_file together with a client_auth_type that verifies")
        return self


class WebConfig(Settings):
    """web.yml."""

    tls_server_config: TlsServer | None = None
    basic_auth_users: dict[str, str] = Field(default_factory=dict, repr=False)

    @field_validator("basic_auth_users")
    @classmethod
    def _hashes(cls, value: dict[str, str]) -> dict[str, str]:
        for user, hashed in value.items():
            try:
                bcrypt.checkpw(b"", hashed.encode())
            except ValueError:
                raise ValueError(
                    f"expected a bcrypt hash for the user {user!r}, as htpasswd -nBC 10 '' makes it"
                ) from None
        return value


def tls_context(settings: TlsServer) -> ssl.SSLContext:
    """A context for new connections. Raises OSError (ssl.SSLError included) when a file cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[settings.min_version]
    with _naming(f"{settings.cert_file} with the key {settings.key_file}"):
        context.load_cert_chain(settings.cert_file, settings.key_file, password=_no_password)
    context.verify_mode = _VERIFY[settings.client_auth_type or "NoClientCert"]
    if settings.client_ca_file:
        with _naming(str(settings.client_ca_file)):
            context.load_verify_locations(settings.client_ca_file)
    return context


@contextmanager
def _naming(what: str) -> Iterator[None]:
    """OpenSSL's errors name no file."""
    try:
        yield
    except OSError as error:
        reason = (getattr(error, "reason", None) or error.strerror or str(error)).replace("_", " ").lower()
        raise OSError(f"cannot use {what}: {reason}") from None


def _no_password() -> str:
    # Without this OpenSSL would ask at the terminal.
    raise OSError("the key has a passphrase")
