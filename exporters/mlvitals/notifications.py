"""The `notifications:` part of the configuration: who is told what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from mlvitals.core.settings import Duration, Name, Settings, http_url
from mlvitals.registry import nearest

Severity = Literal["critical", "warning", "info"]

NOBODY = "mlvitals-nobody"


def _webhook_url(value: str) -> str:
    """Unlike a base URL this one is used as it is: many webhooks need a query or a trailing slash."""
    http_url(value.partition("?")[0])
    if not value.isprintable() or " " in value or "#" in value:
        raise ValueError("expected a URL without fragment or spaces")
    return value


class Webhook(Settings):
    """An HTTP endpoint that takes Alertmanager's JSON."""

    url: Annotated[str, AfterValidator(_webhook_url)] = Field(
        description="stands readable in the generated alertmanager.yml: put no secret into it"
    )
    send_resolved: bool = Field(True, description="tell also when alerts end")


class Receiver(Settings):
    """A named place that notifications go to."""

    name: Name = Field(description="routes name it")
    webhook: Webhook

    @field_validator("name")
    @classmethod
    def _free_name(cls, value: str) -> str:
        if value == NOBODY:
            raise ValueError(f"{NOBODY} is a receiver of mlvitals itself: choose another name")
        return value


class Route(Settings):
    """Alerts with these labels go to this receiver; the first route that matches wins."""

    receiver: Name = Field(description="one of receivers")
    severity: Severity | None = Field(None, description="only alerts of this severity")
    team: str | None = Field(None, min_length=1, description="only alerts whose label team has this value")

    @model_validator(mode="after")
    def _narrow(self) -> Route:
        if not (self.severity or self.team):
            raise ValueError("expected severity, team or both; what no route takes goes to notifications.receiver")
        return self

    def takes_all_of(self, other: Route) -> bool:
        """Whatever the other would take matches this one already."""
        return self.severity in (None, other.severity) and self.team in (None, other.team)


class Notifications(Settings):
    """Receivers and the routes to them."""

    receivers: tuple[Receiver, ...] = Field(description="places that notifications go to")
    receiver: Name = Field(description="one of receivers; takes what no route takes")
    routes: tuple[Route, ...] = Field((), description="tried in order, the first that matches wins")
    watchdog: Name | None = Field(
        None, description="receiver of the alert that always fires, a dead man's switch; nobody is told without it"
    )
    watchdog_interval: Duration = Field(60.0, description="time between two notifications of the watchdog")
    group_wait: Duration = Field(30.0, description="time that the first alert of a group waits for others")
    group_interval: Duration = Field(300.0, description="time until news of a group is sent")
    repeat_interval: Duration = Field(10800.0, description="time until what still fires is sent again")

    @field_validator("receivers")
    @classmethod
    def _unique(cls, value: tuple[Receiver, ...]) -> tuple[Receiver, ...]:
        if not value:
            raise ValueError("expected at least one receiver")
        names = [receiver.name for receiver in value]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise _located((index, "name"), "another receiver has this name already")
        return value

    @field_validator("receiver", "watchdog")
    @classmethod
    def _known(cls, value: str | None, info: ValidationInfo) -> str | None:
        for problem in _unknown(value, info):
            raise ValueError(problem)
        return value

    @field_validator("routes")
    @classmethod
    def _reachable(cls, value: tuple[Route, ...], info: ValidationInfo) -> tuple[Route, ...]:
        for index, route in enumerate(value):
            for problem in _unknown(route.receiver, info):
                raise _located((index, "receiver"), problem)
            for earlier in _positions(value[:index], route):
                raise _located((index,), f"never reached: route {earlier} takes the same alerts before it")
        return value


def _positions(earlier: Sequence[Route], route: Route) -> Iterator[int]:
    return (number for number, other in enumerate(earlier, 1) if other.takes_all_of(route))


def _unknown(name: str | None, info: ValidationInfo) -> Iterator[str]:
    # `receivers` is missing here when it is wrong itself; that is reported already.
    known = [receiver.name for receiver in info.data.get("receivers", ())]
    if name is not None and known and name not in known:
        yield f"unknown receiver {name!r}; {nearest(name, known)}"


def _located(at: tuple[int | str, ...], message: str) -> ValidationError:
    """An error about one place inside a field's value: pydantic puts the field's own place before it."""
    # The message is a value, not the template, so that braces in a name stay braces.
    kind: Any = PydanticCustomError("value_error", "{message}", {"message": message})
    return ValidationError.from_exception_data("Notifications", [InitErrorDetails(type=kind, loc=at, input=None)])
