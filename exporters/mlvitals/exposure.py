"""Who can reach the server, what it asks of them, and what is said of that when it starts."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import ip_address
from typing import NamedTuple

import structlog

from mlvitals.core.webconfig import WebConfig
from mlvitals.model import DEFAULT_LISTEN

log = structlog.get_logger()

_REQUIRED = "RequireAndVerifyClientCert"


class Asked(NamedTuple):
    """Whether clients have to speak TLS, and what each has to bring: none, basic, client-certificate, or both."""

    tls: bool
    auth: str


def asked(web: WebConfig) -> Asked:
    """What this web configuration asks of clients."""
    tls = web.tls_server_config
    brings = {"basic": web.basic_auth_users, "client-certificate": tls and tls.client_auth_type == _REQUIRED}
    return Asked(tls is not None, "+".join(name for name, has in brings.items() if has) or "none")


def tell(sockets: Sequence[socket.socket], web: WebConfig) -> None:
    """Warn of what strangers may read, or learn, on these sockets."""
    asks = asked(web)
    lacking = {"TLS": not asks.tls, "authentication": asks.auth == "none"}
    if web.basic_auth_users and not asks.tls:
        log.warning("passwords travel unencrypted: basic auth without TLS", todo="tls_server_config in --web-config")
    elif others_reach(sockets) and any(lacking.values()):
        lacks = " and ".join(name for name, lacks in lacking.items() if lacks)
        log.warning("other machines can read everything that is served", lacks=lacks, todo="--web-config")


def hint_at_links(sockets: Sequence[socket.socket]) -> None:
    """Where nothing says how people reach mlvitals, and not only this machine does."""
    if others_reach(sockets):
        log.info(
            "links in notifications lead to this machine only", url=f"http://{DEFAULT_LISTEN}", todo="web.external_url"
        )


def others_reach(sockets: Sequence[socket.socket]) -> bool:
    """One of the sockets is not on loopback."""
    return not all(ip_address(sock.getsockname()[0].partition("%")[0]).is_loopback for sock in sockets)
