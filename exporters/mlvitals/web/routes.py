"""The paths of mlvitals' HTTP server."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping, Sequence

from markdown_it import MarkdownIt

from mlvitals import assets
from mlvitals.core.page import Rendered, render_live
from mlvitals.core.refusals import Refusals
from mlvitals.core.server import Request, Response, Route
from mlvitals.model import Links
from mlvitals.suite import Suite
from mlvitals.web import discovery, status
from mlvitals.web.document import CONTENT_SECURITY_POLICY, REPORT_POLICY, document

_NOT_FOUND = Response(b"404 Not Found\n", status=404)


class Endpoints:
    """Everything that is answered. `standalone` puts the only exporter's page behind `/metrics` too.

    `refusals` are those of the server, which `/metrics` shows.
    `reload` loads the configuration again and returns what is wrong with it; without it there is no such path.
    """

    def __init__(
        self, suite: Suite, refusals: Refusals, reload: Callable[[], list[str]] | None, *, standalone: bool = False
    ) -> None:
        self.external_url: str | None = None
        self.links = Links()
        self._suite = suite
        self._refusals = refusals
        self._reload = reload
        self._standalone = standalone

    def routes(self) -> Sequence[Route]:
        """All routes."""
        routes = [
            Route("/", self._status),
            Route("/metrics", self._process),
            Route("/metrics/([^/]+)", self._exporter),
            Route("/sd", self._discovery),
            Route("/runbooks", self._runbooks),
            Route("/runbooks/([A-Za-z0-9_]+)", self._runbook),
            Route("/reports/([^/]+)/([^/]+)", self._report),
            Route("/-/healthy", self._healthy),
            Route("/-/ready", self._ready),
        ]
        return [*routes, Route("/-/reload", self._reloaded, "POST")] if self._reload else routes

    def _status(self, _: Request) -> Response:
        return _html(status.page(self._suite, self.links.grafana), {"Cache-Control": "no-store"})

    def _process(self, request: Request) -> Response:
        before = next((exporter.page for exporter in self._suite.exporters.values() if self._standalone), None)
        families = [*self._suite.process_families(), self._refusals.family().exposition()]
        return _metrics(
            render_live(families, request.headers.get("Accept", ""), gzipped=request.accepts_gzip, before=before)
        )

    def _exporter(self, request: Request) -> Response:
        exporter = self._suite.exporters.get(request.args[0])
        if exporter is None:
            return _NOT_FOUND
        return _metrics(exporter.page.render(request.headers.get("Accept", ""), gzipped=request.accepts_gzip))

    def _discovery(self, request: Request) -> Response:
        url = self.external_url or f"{request.scheme}://{request.host}"
        settings = [exporter.settings for exporter in self._suite.exporters.values()]
        groups = (
            discovery.standalone_group(settings[0], url) if self._standalone else discovery.target_groups(settings, url)
        )
        return Response(json.dumps(groups).encode(), "application/json")

    def _runbooks(self, _: Request) -> Response:
        links = "".join(f'<li><a href="runbooks/{name}">{name}</a></li>' for name in sorted(assets.runbooks()))
        return _html(document("Runbooks", f"<main><h1>Runbooks</h1><ul>{links}</ul></main>"))

    def _runbook(self, request: Request) -> Response:
        text = assets.runbooks().get(request.args[0])
        if text is None:
            return _NOT_FOUND
        # js-default: no raw HTML, and links only to http, https, mailto.
        html = MarkdownIt("js-default").render(text)
        return _html(document(request.args[0], f"<main>{html}</main>"))

    def _report(self, request: Request) -> Response:
        name, target = request.args
        exporter = self._suite.exporters.get(name)
        state = exporter.runner.state.targets().get(target) if exporter else None
        if state is None or state.snapshot is None or state.snapshot.report is None:
            return _NOT_FOUND
        headers = {"Content-Security-Policy": REPORT_POLICY, "Cache-Control": "no-store", "Vary": "Accept-Encoding"}
        body = state.snapshot.report
        if request.accepts_gzip:
            headers["Content-Encoding"] = "gzip"
        return Response(
            body if request.accepts_gzip else gzip.decompress(body), "text/html; charset=utf-8", headers=headers
        )

    def _reloaded(self, _: Request) -> Response:
        problems = self._reload() if self._reload else []
        return Response("".join(f"{problem}\n" for problem in problems).encode(), status=500 if problems else 200)

    def _healthy(self, _: Request) -> Response:
        return Response(b"mlvitals is healthy.\n")

    def _ready(self, _: Request) -> Response:
        if self._suite.ready:
            return Response(b"mlvitals is ready.\n")
        return Response(b"mlvitals waits for the first collection of every exporter.\n", status=503)


def _html(page: str, headers: Mapping[str, str] | None = None) -> Response:
    policy = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    return Response(page.encode(), "text/html; charset=utf-8", headers={**policy, **(headers or {})})


def _metrics(rendered: Rendered) -> Response:
    headers = {"Vary": "Accept, Accept-Encoding"}
    if rendered.gzipped:
        headers["Content-Encoding"] = "gzip"
    return Response(rendered.body, rendered.content_type, headers=headers)
