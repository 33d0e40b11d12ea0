"""The configuration that every exporter shares, and the types that its values are made of."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self, TypeGuard, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.functional_validators import ModelWrapValidatorHandler
from pydantic_core import InitErrorDetails, PydanticCustomError

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
    if parts.scheme == "hdfs":
        raise ValueError("expected the URL of its web server, such as http://nn1:9870, not of its RPC")
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
    context: Mapping[str, Any] = info.context or {}
    path: Path = context.get("folder", Path()) / value
    if context.get("secrets", True) and not path.is_file():
        raise ValueError(f"{'not a file' if path.exists() else 'no such file'}: {path}")
    return path


_EXISTING = AfterValidator(_existing_file)
ConfigFile = Annotated[Path, _EXISTING]
"""A file of a secret or a certificate. It must be there, unless the validation context says `secrets: False`.

A relative path starts at the context's `folder`, the configuration file's.
"""
Duration = Annotated[float, BeforeValidator(parse_duration), AfterValidator(_positive)]
HttpUrl = Annotated[str, AfterValidator(http_url)]
ProxyUrl = Annotated[str, AfterValidator(_proxy_url)]
_NAME = r"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$"
Name = Annotated[str, Field(pattern=_NAME, max_length=64)]


Mistake = tuple[tuple[str | int, ...], str]
"""Where in a mapping, `()` for the mapping as a whole, and what is wrong."""


class Settings(BaseModel):
    """Base of every configuration model: frozen, an unknown key is an error, and all mistakes are told at once.

    What is wrong with one value, its validators say. What is wrong between values belongs into `mistakes`: a validator
    of the whole model is not called while one of its values is wrong, and its mistake would be told only after that.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """What is wrong between values. They are as written, of whatever type; a key without a value is left out."""
        return iter(())

    @model_validator(mode="wrap")
    @classmethod
    def _all_mistakes(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        found: list[Mistake] = []
        if isinstance(data, Mapping):
            found += cls.mistakes({key: value for key, value in data.items() if value is not None})
        try:
            made = handler(data)
        except ValidationError as error:
            raise _with(error, found) from None
        if found:
            raise ValidationError.from_exception_data(cls.__name__, [*_details(found)])
        return made


def _with(error: ValidationError, mistakes: Iterable[Mistake]) -> ValidationError:
    """The error with these mistakes added. A key that is unknown may be the one that the whole mapping lacks."""
    told = error.errors(include_url=False, include_input=False)
    misspelt = any(each["type"] == "extra_forbidden" and len(each["loc"]) == 1 for each in told)
    added = [(location, what) for location, what in mistakes if location or not misspelt]
    if not added:
        return error
    again = [
        InitErrorDetails(type=_error(each["type"], each["msg"], each.get("ctx", {})), loc=each["loc"], input=None)
        for each in told
    ]
    return ValidationError.from_exception_data(error.title, [*again, *_details(added)])


def _details(mistakes: Iterable[Mistake]) -> Iterator[InitErrorDetails]:
    for location, what in mistakes:
        yield InitErrorDetails(type=_error("value_error", what), loc=location, input=None)


def _error(kind: Any, message: str, context: Mapping[str, Any] | None = None) -> PydanticCustomError:
    # The message is a value, not the template, so that braces in a name stay braces.
    return PydanticCustomError(kind, "{message}", {**(context or {}), "message": message})


def together(data: Mapping[str, Any], one: str, other: str) -> Iterator[Mistake]:
    """A mistake unless both keys are set, or none."""
    if bool(data.get(one)) != bool(data.get(other)):
        yield (), f"expected {one} and {other} together"


def empty(data: Mapping[str, Any], *keys: str) -> Iterator[Mistake]:
    """A mistake for each of these lists that has nothing in it."""
    yield from (((key,), "expected at least one") for key in keys if data.get(key) in ([], ()))


class Auth(Settings):
    """Credentials for the upstream system: basic (username and password) or a bearer token.

    The `…_file` forms are read again before every collection, so a rotated secret needs no restart.
    """

    username: str | None = Field(None, description="user of basic auth")
    password: SecretStr | None = Field(None, description="its password")
    password_file: ConfigFile | None = Field(None, description="file that holds the password")
    token: SecretStr | None = Field(None, description="bearer token")
    token_file: ConfigFile | None = Field(None, description="file that holds the bearer token")

    @field_validator("username")
    @classmethod
    def _basic(cls, value: str | None) -> str | None:
        if value and ":" in value:
            raise ValueError("basic auth has no way to carry a user name with a colon")
        return value

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """Neither one way of authentication nor the other, or both."""
        passwords, tokens = data.keys() & {"password", "password_file"}, data.keys() & {"token", "token_file"}
        if len(passwords) + len(tokens) != 1 or bool(data.get("username")) != bool(passwords):
            yield (), "expected username with one of password and password_file, or one of token and token_file"


class Reference(NamedTuple):
    """One exporter of a file that another one needs: where it is named, its name, and the type that it has to be."""

    at: tuple[str | int, ...]
    name: str
    type: str


class ExporterSettings(Settings):
    """What every entry of `exporters:` may say. Each type adds its own keys in a subclass."""

    default_interval: ClassVar[float] = 30.0
    default_deadline: ClassVar[float] = 30.0
    """What holds where the key is not set; a type may have others."""

    name: Name = Field(description="becomes the label exporter; its metrics are served at /metrics/NAME")
    type: str = Field(description="what kind of system this is")
    interval: Duration | None = Field(None, description="time between two collections")
    deadline: Duration | None = Field(None, description="time that one collection may take")
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

    @field_validator("interval")
    @classmethod
    def _not_all_the_time(cls, value: float | None) -> float | None:
        if value is not None and value < 1:
            raise ValueError("expected an interval of at least 1s")
        return value

    @field_validator("stale_after")
    @classmethod
    def _data_lasts_until_the_next(cls, value: float | None, info: ValidationInfo) -> float | None:
        # An interval that is wrong itself is missing here; that is reported already.
        interval = (info.data["interval"] or cls.default_interval) if "interval" in info.data else 0
        if value is not None and value <= interval:
            raise ValueError("expected a time longer than interval: data would leave the page before it is read anew")
        return value

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """Labels that are taken or malformed."""
        labels = data.get("labels")
        for label, text in labels.items() if isinstance(labels, dict) else ():
            if what := _wrong_label(label, text):
                yield ("labels", label), what

    def refers(self) -> Iterator[Reference]:
        """Other exporters of the same file whose settings these settings need."""
        return iter(())

    def bound(self, others: Mapping[str, ExporterSettings]) -> Self:
        """With the settings of the exporters that `refers` names, by name."""
        return self

    def for_a_look(self) -> Self:
        """For one collection that must change nothing anywhere, as `check --live` makes it."""
        return self

    def schedule(self) -> Schedule:
        """The schedule of the exporter's main collector."""
        interval, deadline = self.interval or self.default_interval, self.deadline or self.default_deadline
        # With a deadline of several intervals, five of them may pass before a slow collection ends.
        return Schedule(interval, deadline, self.stale_after or max(5 * interval, interval + deadline))


def _wrong_label(label: str, text: object) -> str | None:
    if label in _RESERVED_TARGET_LABELS or label.startswith("__"):
        return "set by mlvitals, its rules or Prometheus: choose another"
    if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", label):
        return "not a Prometheus label name"
    return "expected printable text" if isinstance(text, str) and not text.isprintable() else None


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

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """Half a certificate."""
        yield from together(data, "cert_file", "key_file")


class HttpOptions(ExporterSettings):
    """How an exporter speaks HTTP, wherever the URL comes from."""

    auth: Auth | None = Field(None, description="credentials: username and password, or a bearer token")
    tls_config: TlsConfig = TlsConfig()
    proxy_url: ProxyUrl | None = Field(None, description="HTTP proxy for all calls")
    proxy_from_environment: bool = Field(
        False, description="take the proxy from HTTP_PROXY, HTTPS_PROXY and NO_PROXY, which are ignored otherwise"
    )

    @field_validator("proxy_from_environment")
    @classmethod
    def _one_proxy(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("proxy_url"):
            raise ValueError("expected one of proxy_url and proxy_from_environment")
        return value

    def http(self, url: str) -> HttpSettings:
        """How a server at this base URL is spoken to."""
        options = {name: getattr(self, name) for name in HttpOptions.model_fields}
        return HttpSettings.model_construct(**options, url=url)


class HttpSettings(HttpOptions):
    """An exporter that reads one system over HTTP."""

    url: HttpUrl = Field(description="base URL; a path prefix is kept")


def is_name(value: object) -> TypeGuard[str]:
    """True for a text that can be a Name."""
    return isinstance(value, str) and re.fullmatch(_NAME, value) is not None


@functools.cache
def secret_keys(model: type[BaseModel]) -> frozenset[str]:
    """Names of all the keys, at any depth, whose values are secrets."""
    return frozenset(name for name, kinds in _fields(model) if SecretStr in kinds)


@functools.cache
def file_keys(model: type[BaseModel]) -> frozenset[str]:
    """Names of all the keys, at any depth, that name a file of a secret or a certificate."""
    return frozenset(name for name, kinds in _fields(model) if _EXISTING in kinds)


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, set[Any]]]:
    for name, info in model.model_fields.items():
        # Pydantic takes what annotates a bare type apart.
        yield name, {*_types(info.annotation), *(each for each in info.metadata if each is _EXISTING)}
        for kind in _types(info.annotation):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _fields(kind)


def _types(annotation: Any) -> set[Any]:
    inner = get_args(annotation)
    return {annotation}.union(*map(_types, inner)) if inner else {annotation}
