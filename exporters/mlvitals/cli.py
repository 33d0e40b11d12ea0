"""The command line."""

from __future__ import annotations

import asyncio
import functools
import json
import shutil
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
import structlog
from click.core import ParameterSource

from mlvitals import __version__, assets, catalogue, config, exposure, logs, sources
from mlvitals.core import server
from mlvitals.core.collector import UpstreamError
from mlvitals.core.memory import give_large_blocks_back
from mlvitals.core.settings import ExporterSettings
from mlvitals.core.webconfig import WebConfig
from mlvitals.daemon import Daemon, Plan, remember_hangup
from mlvitals.evidently.config import Dataset
from mlvitals.evidently.job import EngineName
from mlvitals.evidently.results import Progress
from mlvitals.model import DEFAULT_LISTEN, Config
from mlvitals.overrides import data_from_sets, settings_from_sets

log = structlog.get_logger()

DEFAULT_FILE = Path("mlvitals.yml")
EXIT_CODES = {
    0: "done; `run` was ended by SIGTERM or SIGINT",
    1: "a file has a mistake or cannot be written, the address is taken, an exporter type cannot be used; "
    "`check --live`: a source cannot be read",
    2: "the command line is wrong: a command, an option, TYPE, a value of --set, --only or --listen, "
    "or a file that is not there",
}
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
_FILE = click.option("-c", "--config", "file", type=_EXISTING, help=f"Configuration file.  [default: {DEFAULT_FILE}]")
_WEB_CONFIG = click.option(
    "--web-config", type=_EXISTING, help="TLS and basic auth, in the form of Prometheus's exporter-toolkit."
)


def _command(command: Callable[..., None]) -> Callable[..., None]:
    """What every command takes: how to log."""

    @click.option(
        "--log-level",
        type=click.Choice(logs.LEVELS),
        default="info",
        show_default=True,
        help="Least severe messages to log, to standard error.",
    )
    @click.option(
        "--log-format", type=click.Choice(logs.FORMATS), default="logfmt", show_default=True, help="Form of the log."
    )
    @functools.wraps(command)
    def logging_first(*arguments: Any, log_level: str, log_format: str, **options: Any) -> None:
        logs.setup(log_level, log_format)
        command(*arguments, **options)

    return logging_first


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\n\n".join(["Exit codes:", *(f"{code}: {meaning}." for code, meaning in EXIT_CODES.items())]),
)
@click.version_option(__version__, prog_name="mlvitals")
def main() -> None:
    """Vital signs for machine-learning platforms.

    mlvitals reads MLflow and its neighbours and serves what it read to Prometheus. It also writes the Prometheus,
    Alertmanager and Grafana configuration that goes with it.
    """


@main.command()
@click.argument("type_name", metavar="[TYPE]", required=False)
@_FILE
@click.option("--set", "sets", metavar="KEY=VALUE", multiple=True, help="With TYPE: one setting; repeat it for lists.")
@click.option("--only", metavar="NAME", multiple=True, help="Run only this exporter of the file; may be repeated.")
@click.option("--listen", metavar="HOST:PORT", default=DEFAULT_LISTEN, show_default=True, help="Address to serve at.")
@_WEB_CONFIG
@click.option("--enable-lifecycle", is_flag=True, help="Load the configuration again on POST /-/reload too.")
@_command
def run(
    type_name: str | None,
    file: Path | None,
    sets: tuple[str, ...],
    only: tuple[str, ...],
    listen: str,
    web_config: Path | None,
    enable_lifecycle: bool,
) -> None:
    """Serve metrics until SIGTERM or SIGINT; SIGHUP loads the configuration again.

    \b
    With a configuration file:    mlvitals run -c mlvitals.yml
    One exporter without a file:  mlvitals run mlflow --set url=http://mlflow:5000
    """
    if type_name is None and sets:
        raise click.UsageError("--set goes with a TYPE, as in: mlvitals run mlflow --set url=http://mlflow:5000")
    if type_name is not None and (file or only):
        raise click.UsageError("TYPE runs one exporter without a file: leave -c and --only out")

    def load() -> Plan:
        web = config.load_web(web_config) if web_config else WebConfig()
        if type_name is not None:
            return Plan([settings_from_sets(type_name, sets)], web)
        loaded = _load(file, strict=False)
        for problem in assets.problems():
            log.error("what a plug-in brings is left out", error=problem)
        return Plan(_chosen(loaded.exporters, only), web, loaded.web.external_url, loaded.links)

    hung_up = remember_hangup()
    give_large_blocks_back()
    plan = _or_exit(load)
    sockets = _or_exit(lambda: _sockets(listen))
    daemon = _or_exit(lambda: Daemon(plan, load, sockets, standalone=type_name is not None, lifecycle=enable_lifecycle))
    exposure.tell(sockets, plan.web)
    if type_name is None and not plan.external_url:
        exposure.hint_at_links(sockets)
    asyncio.run(daemon.run(hung_up))


@main.command()
@_FILE
@_WEB_CONFIG
@click.option("--live", is_flag=True, help="Also read every source once and show what came back.")
@_command
def check(file: Path | None, web_config: Path | None, live: bool) -> None:
    """Check configuration files; exit 1 when anything is wrong.

    It wants what `run` wants: files of secrets and certificates, which it opens, and variables that are set. With
    --web-config and without a mlvitals.yml it checks the web configuration alone.
    """
    loaded = _checked(file, web_config, live=live)
    for problem in assets.problems():
        _warn(problem)
    if loaded and live:
        _read(loaded.exporters)


@main.command()
@_FILE
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write to.")
@_command
def generate(file: Path | None, output: Path) -> None:
    """Write the configuration of Prometheus, Alertmanager and Grafana.

    It reads no secret: files of secrets and certificates need not be there, and variables for them need not be set.

    \b
    DIR/prometheus/    scrape configuration and alert rules
    DIR/alertmanager/  receivers and routes, when the file has notifications
    DIR/grafana/       data source, dashboards and their provisioning
    DIR/runbooks/      a page for each alert; keep them where people look when mlvitals is gone
    """
    from mlvitals.generate import write

    for path in _or_exit(lambda: write(_load(file, secrets=False), output)):
        click.echo(path)


@main.command()
@click.argument("reference")
@click.argument("current")
@click.option("--engine", type=click.Choice(["evidently"]), default="evidently", show_default=True, help="What scores.")
@click.option("--format", "form", type=click.Choice(["table", "json", "html"]), default="table", show_default=True)
@click.option(
    "--set",
    "sets",
    metavar="KEY=VALUE",
    multiple=True,
    help="A key of a data set of the exporter evidently, as in --set drift.numeric=psi; repeat it for lists.",
)
@_command
def compare(reference: str, current: str, engine: EngineName, form: str, sets: tuple[str, ...]) -> None:
    """Compare two data sets once: drift and quality of each column.

    REFERENCE and CURRENT are files, globs or folders of Parquet, CSV, JSON lines or Arrow, here or at webhdfs:// or
    s3://. As html it is Evidently's report, one file to share; that one shows data.

    \b
    exit 0  no data set drift
    exit 3  data set drift: the share of drifted columns reaches drift.share
    exit 1  an error, or no column could be scored
    exit 2  a wrong command line
    """
    from mlvitals.evidently import compare as comparing

    def compared() -> comparing.Comparison:
        sides = {"reference": reference, "current": current}
        data = {"name": "compare", **sides, **data_from_sets(Dataset, sets)}
        try:
            dataset = config.model_from(Dataset, data, "compare")
        except config.ConfigError as error:
            raise config.CommandLineError(error.problems) from None
        try:
            return comparing.compare(dataset, engine, _show, html=form == "html")
        finally:
            if sys.stderr.isatty():
                click.echo("\r\x1b[K", err=True, nl=False)

    found = _or_exit(compared)
    click.echo({"table": found.as_table, "json": found.as_json, "html": found.as_html}[form]())
    raise SystemExit(found.exit_code)


@main.command()
@click.option("--format", "form", type=click.Choice(["table", "json", "markdown"]), default="table", show_default=True)
@_command
def metrics(form: str) -> None:
    """List every metric that mlvitals can serve."""
    for problem in catalogue.problems():
        _warn(problem)
    if form == "json":
        click.echo(json.dumps(catalogue.rows(), indent=2, ensure_ascii=False))
    elif form == "markdown":
        click.echo(catalogue.markdown(), nl=False)
    else:
        click.echo(catalogue.table())


def _show(progress: Progress) -> None:
    """How far it is, on one line of a terminal, which is cleared when all is done."""
    if sys.stderr.isatty():
        count = f" {progress.done}/{progress.of}" if progress.of else ""
        click.echo(f"\r\x1b[K{progress.step}{count} …", err=True, nl=False)


def _sockets(address: str) -> list[socket.socket]:
    try:
        return server.listen(address)
    except ValueError as error:
        raise config.CommandLineError([f"--listen: {error}"]) from None
    except OSError as error:
        raise OSError(f"cannot listen at {address}: {error.strerror or error}") from None


def _checked(file: Path | None, web_config: Path | None, *, live: bool) -> Config | None:
    """The configuration, None where only the other file is asked for. Ends the process when one has a mistake."""
    problems: list[str] = []
    loaded = None
    if file or DEFAULT_FILE.exists() or not web_config:
        loaded = _noting(problems, lambda: _load(file, strict=not live, opened=True, warn=_warn))
    web = _noting(problems, lambda: config.load_web(web_config, opened=True)) if web_config else None
    if problems:
        _fail(problems)
    if loaded and not live:
        click.echo(f"{file or DEFAULT_FILE}: no mistakes, exporters: {len(loaded.exporters)}")
    if web:
        asked = exposure.asked(web)
        click.echo(f"{web_config}: no mistakes, {'TLS' if asked.tls else 'no TLS'}, authentication: {asked.auth}")
    return loaded


def _read(exporters: Sequence[ExporterSettings]) -> None:
    """Read every source. Ends the process when one cannot be read."""
    click.echo(f"Reading {', '.join(exporter.name for exporter in exporters) or 'nothing'} …", err=True)
    context = click.get_current_context()
    if context.get_parameter_source("log_level") is ParameterSource.DEFAULT:
        # What is shown says it all.
        logs.setup("error", context.params["log_format"])
    outcomes = sources.read(exporters)
    click.echo(sources.shown(outcomes, shutil.get_terminal_size().columns))
    if not all(outcome.up for outcome in outcomes):
        raise SystemExit(1)


def _load(file: Path | None, **options: Any) -> Config:
    if file is None and not DEFAULT_FILE.exists():
        hint = "or name a type, as in: mlvitals run mlflow --set url=http://mlflow:5000"
        raise config.CommandLineError([f"{DEFAULT_FILE}: no such file; give one with -c, {hint}"])
    return config.load(file or DEFAULT_FILE, **options)


def _chosen(exporters: Sequence[ExporterSettings], only: Sequence[str]) -> list[ExporterSettings]:
    names = [exporter.name for exporter in exporters]
    unknown = [name for name in only if name not in names]
    if unknown:
        there = f"the file has {', '.join(names) or 'none'}"
        raise config.CommandLineError([f"--only {name}: no such exporter; {there}" for name in unknown])
    return [exporter for exporter in exporters if not only or exporter.name in only]


T = TypeVar("T")


def _or_exit(action: Callable[[], T]) -> T:
    try:
        return action()
    except config.ConfigError as error:
        _fail(error.problems, 2 if isinstance(error, config.CommandLineError) else 1)
    except (LookupError, OSError, UpstreamError, ValueError) as error:
        _fail([str(error)])


def _noting(problems: list[str], action: Callable[[], T]) -> T | None:
    """What the action gives; None where a file has mistakes, which are added to the problems."""
    try:
        return action()
    except config.CommandLineError as error:
        _fail(error.problems, 2)
    except config.ConfigError as error:
        problems += error.problems
    return None


def _warn(problem: str) -> None:
    click.echo(f"mlvitals: warning: {problem}", err=True)


def _fail(problems: Sequence[str], status: int = 1) -> NoReturn:
    for problem in problems:
        click.echo(f"mlvitals: {problem}", err=True)
    raise SystemExit(status)
