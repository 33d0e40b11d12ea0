"""`web.yml`: TLS and basic auth of the server, in the form of Prometheus's exporter-toolkit.

Source: docs/web-configuration.md of prometheus/exporter-toolkit. What Python's TLS cannot do (asking for a client
certificate without verifying it) is refused, not ignored.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import bcrypt
from pydantic import Field

from mlvitals.core.settings import ConfigFile, Mistake, Settings
from mlvitals.core.tls import VERSIONS, load_authorities, load_chain

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

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """A CA for client certificates that nobody asks for, or none for those that somebody does."""
        asked = data.get("client_auth_type") or "NoClientCert"
        if asked in tuple(_VERIFY) and (asked == "NoClientCert") == bool(data.get("client_ca_file")):
            yield (), "expected client_ca_file together with a client_auth_type that verifies"


class WebConfig(Settings):
    """web.yml."""

    tls_server_config: TlsServer | None = None
    basic_auth_users: dict[str, str] = Field(default_factory=dict, repr=False)

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """Passwords that are not hashed."""
        users = data.get("basic_auth_users")
        for user, hashed in users.items() if isinstance(users, dict) else ():
            if isinstance(hashed, str) and not _is_hash(hashed):
                yield ("basic_auth_users", user), "expected a bcrypt hash, as htpasswd -nBC 10 '' makes it"


def _is_hash(text: str) -> bool:
    try:
        bcrypt.checkpw(b"", text.encode())
    except ValueError:
        return False
    return True


def tls_context(settings: TlsServer) -> ssl.SSLContext:
    """A context for new connections. Raises UnusableFileError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = VERSIONS[settings.min_version]
    load_chain(context, settings.cert_file, settings.key_file)
    context.verify_mode = _VERIFY[settings.client_auth_type or "NoClientCert"]
    if settings.client_ca_file:
        load_authorities(context, settings.client_ca_file)
    return context
