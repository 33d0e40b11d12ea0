"""`mlvitals run`: exporters and server at work, and how a running process takes a new configuration."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from mlvitals import exposure
from mlvitals.core.refusals import Refusals
from mlvitals.core.server import Server, address_of
from mlvitals.core.settings import ExporterSettings
from mlvitals.core.webconfig import WebConfig
from mlvitals.model import Links
from mlvitals.suite import Suite
from mlvitals.web.routes import Endpoints
from mlvitals.yamlfile import ConfigError

log = structlog.get_logger()


@dataclass(frozen=True)
class Plan:
    """What is to run."""

    exporters: Sequence[ExporterSettings]
    web: WebConfig
    external_url: str | None = None
    links: Links = field(default_factory=Links)


def remember_hangup() -> threading.Event:
    """Set by a SIGHUP from now on, which would end the process otherwise."""
    hung_up = threading.Event()
    signal.signal(signal.SIGHUP, lambda *_: hung_up.set())
    return hung_up


class Daemon:
    """Runs a plan, and the one that `load` gives on SIGHUP and, with `lifecycle`, on POST /-/reload.

    Raises LookupError or OSError when the first plan cannot be used; a later bad one changes nothing.
    """

    def __init__(
        self,
        plan: Plan,
        load: Callable[[], Plan],
        sockets: Sequence[socket.socket],
        *,
        standalone: bool,
        lifecycle: bool,
    ) -> None:
        self._load = load
        self._web = WebConfig()
        self._sockets = sockets
        self._lock = threading.Lock()
        self._suite = Suite()
        refusals = Refusals()
        reload = self.reload if lifecycle else None
        self._endpoints = Endpoints(self._suite, refusals, reload, standalone=standalone)
        self._server = Server(sockets, self._endpoints.routes(), refusals)
        self._take(plan)

    def reload(self) -> list[str]:
        """Load again; what is wrong with the new configuration, in which case the running one stays."""
        with self._lock:
            try:
                self._take(self._load())
            except ConfigError as error:
                problems = error.problems
            except (LookupError, OSError, ValueError) as error:
                problems = [str(error)]
            except Exception as error:
                log.exception("loading failed")
                problems = [f"{type(error).__name__} in mlvitals or a plug-in; the log has the details"]
            else:
                log.info("configuration loaded", exporters=len(self._suite.exporters))
                return []
            self._reject(problems)
            return problems

    async def run(self, hung_up: threading.Event) -> None:
        """Serve until SIGTERM or SIGINT; load again at once where a SIGHUP came before."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload_aside)
        if hung_up.is_set():
            self._reload_aside()
        about = exposure.asked(self._web)._asdict()
        log.info("listening", address=address_of(self._sockets), exporters=len(self._suite.exporters), **about)
        try:
            await self._server.run(stop.wait)
        finally:
            log.info("stopping")
            await asyncio.to_thread(self._suite.stop)

    def _reload_aside(self) -> None:
        try:
            threading.Thread(target=self.reload, name="reload", daemon=True).start()
        except RuntimeError as error:
            self._reject([str(error)])

    def _reject(self, problems: Sequence[str]) -> None:
        self._suite.reject()
        for problem in problems:
            log.error("configuration not loaded, the running one stays", error=problem)

    def _take(self, plan: Plan) -> None:
        exporters = self._suite.prepare(plan.exporters)
        try:
            self._server.secure(plan.web)
        except BaseException:
            self._suite.discard(exporters)
            raise
        if lost := _protection(self._web) - _protection(plan.web):
            log.warning("the server is less protected than before", without=", ".join(sorted(lost)))
        self._web = plan.web
        self._endpoints.external_url, self._endpoints.links = plan.external_url, plan.links
        self._suite.apply(exporters)


def _protection(web: WebConfig) -> set[str]:
    tls = web.tls_server_config
    means = {"TLS": tls, "client certificates": tls and tls.client_ca_file, "passwords": web.basic_auth_users}
    return {name for name, given in means.items() if given}
