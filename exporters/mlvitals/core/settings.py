"""The configuration that every exporter shares, and the types that its values are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from mlvitals.core.collector import Schedule

_DURATION = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?")
_SECONDS = (604800, 86400, 3600, 60, 1, 0.001)
_RESERVED_TARGET_LABELS = ("exporter", "exporter_type", "job", "instance", "alertname", "severity")


def parse_duration(value: object) -> float:
    """Seconds of a Prometheus duration: `30s`, `26h`, `1d12h`. Raises ValueError."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
    if match is None:
        raise ValueError("expected a duration such as 30s, 5m or 26h")
    return sum(int(count) * unit for count, unit in zip(match.groups(), _SECONDS, strict=True) if count)


def _positive(value: float) -> float:
    if value <= 0:
        raise ValueError("expected a duration longer than 0")
    return value


def http_url(value: str) -> str:
    """The URL without a trailing slash. Raises ValueError unless it is http(s) with a host and without user info."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        # Not urlsplit's words: they repeat the text, which may hold a password.
        raise ValueError("expected a URL such as http://mlflow:5000; host or port is malformed") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("expected a URL such as http://mlflow:5000")
    if parts.username is not None or parts.password is not None:
        raise ValueError("credentials do not belong in a URL: put them under auth")
    if parts.query or parts.fragment or re.search(r"[\s\x00-\x1f]", value):
        raise ValueError("expected a URL without query, fragment or spaces")
    return value.rstrip("/")


def _proxy_url(value: str) -> str:
    try:
        url = http_url(value)
    except ValueError:
        # Not http_url's words: they are about the upstream.
        url = ""
    if not url or urlsplit(url).path:
        raise ValueError("expected the URL of a proxy, such as http://proxy:3128, without credentials")
    return url


def _existing_file(value: Path, info: ValidationInfo) -> Path:
    path: Path = (info.context or {}).get("folder", Path()) / value
    if not path.is_file():
        raise ValueError(f"{'not a file' if path.exists() else 'no such file'}: {path}")
    return path


ConfigFile = Annotated[Path, AfterValidator(_existing_file)]
"""A file that must be there; a relative path starts at the validation context's `folder`, the configuration file's."""
Duration = Annotated[float, BeforeValidator(parse_duration), AfterValidator(_positive)]
HttpUrl = Annotated[str, AfterValidator(http_url)]
ProxyUrl = Annotated[str, AfterValidator(_proxy_url)]
Name = Annotated[str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$", max_length=64)]


class Settings(BaseModel):
    """Base of every configuration model: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Auth(Settings):
    """Credentials for the upstream system: basic (username and password) or a bearer token.

    The `…_file` forms are read again before every collection, so a rotated secret needs no restart.
    """

    username: str | None = Field(None, description="user of basic auth")
    password: SecretStr | None = Field(None, description="its password")
    password_file: ConfigFile | None = Field(None, description="file that holds the password")
    token: SecretStr | None = Field(None, description="bearer token")
    token_file: ConfigFile | None = Field(None, description="file that holds the bearer token")

    @model_validator(mode="after")
    def _one_way(self) -> Auth:
        passwords = [value for value in (self.password, self.password_file) if value is not None]
        tokens = [value for value in (self.token, self.token_file) if value is not None]
        if self.username and ":" in self.username:
            raise ValueError("basic auth has no way to carry a user name with a colon")
        if len(passwords) + len(tokens) != 1 or bool(self.username) != bool(passwords):
            raise ValueError("expected username with one of password and password_file, or one of token and token_file")
        return self


class ExporterSettings(Settings):
    """What every entry of `exporters:` may say. Each type adds its own keys in a subclass."""

    default_interval: ClassVar[float] = 30.0
    default_deadline: ClassVar[float] = 30.0

    name: Name = Field(description="becomes the label exporter; its metrics are served at /metrics/NAME")
    type: str = Field(description="what kind of system this is")
    interval: Duration | None = Field(None, description="time between two collections; default 30s")
    deadline: Duration | None = Field(None, description="time that one collection may take; default 30s")
    stale_after: Duration | None = Field(
        None, description="age at which data leaves the page; default 5 intervals, at least interval and deadline"
    )
    labels: dict[str, str] = Field(default_factory=dict, description="labels that service discovery adds")

    @field_validator("name")
    @classmethod
    def _free_name(cls, value: str) -> str:
        if value == "mlvitals":
            raise ValueError("mlvitals is the name of the process itself: choose another")
        return value

    @field_validator("labels")
    @classmethod
    def _target_labels(cls, value: dict[str, str]) -> dict[str, str]:
        for label, text in value.items():
            if not text.isprintable():
                raise ValueError(f"label {label}: expected printable text")
            if label in _RESERVED_TARGET_LABELS or label.startswith("__"):
                raise ValueError(f"label {label} is set by mlvitals, its rules or Prometheus: choose another")
            if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", label):
                raise ValueError(f"label {label!r} is not a Prometheus label name")
        return value

    def schedule(self) -> Schedule:
        """The schedule of the exporter's main collector."""
        interval, deadline = self.interval or self.default_interval, self.deadline or self.default_deadline
        # With a deadline of several intervals, five of them may pass before a slow collection ends.
        return Schedule(interval, deadline, self.stale_after or max(5 * interval, interval + deadline))

    @model_validator(mode="after")
    def _data_lasts_until_the_next(self) -> Self:
        schedule = self.schedule()
        if schedule.interval < 1:
            raise ValueError("expected an interval of at least 1s")
        if schedule.stale_after <= schedule.interval:
            raise ValueError(
                "expected stale_after to be longer than interval: data would leave the page before it is read anew"
            )
        return self


class UnusableSettings(ExporterSettings):
    """What is known of an exporter whose type is installed and cannot be used; keys of its own are not looked at."""

    model_config = ConfigDict(extra="ignore")


class TlsConfig(Settings):
    """TLS of calls, with Prometheus's keys. The files are read again before every collection."""

    ca_file: ConfigFile | None = Field(
        None, description="CA that signed the server's certificate, instead of the system's"
    )
    cert_file: ConfigFile | None = Field(None, description="client certificate, for a server that asks for one")
    key_file: ConfigFile | None = Field(None, description="its key, without a passphrase")
    server_name: str | None = Field(
        None, min_length=1, description="name in the server's certificate; default: the host of url"
    )
    insecure_skip_verify: bool = Field(
        False, description="take any certificate: whoever is in between reads the credentials"
    )
    min_version: Literal["TLS12", "TLS13"] = Field("TLS12", description="oldest TLS that is spoken")

    @model_validator(mode="after")
    def _pair(self) -> TlsConfig:
        if bool(self.cert_file) != bool(self.key_file):
            raise ValueError("expected cert_file and key_file together")
        return self


class HttpOptions(ExporterSettings):
    """How an exporter speaks HTTP, wherever the URL comes from."""

    auth: Auth | None = Field(None, description="credentials: username and password, or a bearer token")
    tls_config: TlsConfig = TlsConfig()
    proxy_url: ProxyUrl | None = Field(None, description="HTTP proxy for all calls")
    proxy_from_environment: bool = Field(
        False, description="take the proxy from HTTP_PROXY, HTTPS_PROXY and NO_PROXY, which are ignored otherwise"
    )

    @model_validator(mode="after")
    def _one_proxy(self) -> Self:
        if self.proxy_url and self.proxy_from_environment:
            raise ValueError("expected one of proxy_url and proxy_from_environment")
        return self


class HttpSettings(HttpOptions):
    """An exporter that reads one system over HTTP."""

    url: HttpUrl = Field(description="base URL; a path prefix is kept")


def secret_keys(model: type[BaseModel]) -> set[str]:
    """Names of all the keys, at any depth, whose values are secrets."""
    return {name for name, kind in _fields(model) if SecretStr in _types(kind)}


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    for name, info in model.model_fields.items():
        yield name, info.annotation
        for kind in _types(info.annotation):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _fields(kind)


def _types(annotation: Any) -> set[Any]:
    inner = get_args(annotation)
    return {annotation}.union(*map(_types, inner)) if inner else {annotation}
