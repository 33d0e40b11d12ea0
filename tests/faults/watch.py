"""A real mlvitals process whose upstreams all fall ill at once, each in its own way, and get well again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
import yaml

from mlvitals.core.collector import Reason
from tests.support.faults import DEADLINE, INTERVAL, REASONS, STALE_AFTER, Subject
from tests.support.replay import FAULTS, Replay, Responder
from tests.support.vitals import Samples, Vitals, mlvitals, samples

UNTOUCHED = "untouched"
PATIENCE = 60.0
KEPT = 64
"""MiB by which the process may stay larger when all is over."""
SLACK = 3.0
"""Seconds that a busy machine may be late."""
FRESH = 5 * INTERVAL
"""Seconds since its last success at which a target is no longer read in time; five intervals, as by default."""
_CHANGES = {
    "mlvitals_target_last_success_timestamp_seconds",
    "mlvitals_exporter_last_success_timestamp_seconds",
    "mlvitals_exporter_collection_duration_seconds",
}
"""What each collection changes, of an exporter whose upstream stays the same."""


@dataclass
class Seen:
    """What the page of one exporter showed: while its upstream was ill, when that had lasted, and when it was over."""

    stale: list[str] = field(default_factory=list)
    ill: Samples = field(default_factory=dict)
    recovered: Samples = field(default_factory=dict)

    def reasons(self) -> dict[str, str]:
        """Target -> reason, after the illness had lasted."""
        found = (dict(labels) for name, labels in self.ill if name == "mlvitals_target_failure")
        return {labels["target"]: labels["reason"] for labels in found}


@dataclass
class Watch:
    """What was seen of the whole process. Memory in MiB.

    `touched` says where the untouched exporter was not as before, target by target; `reads` how often each of its
    targets was read meanwhile.
    """

    seen: dict[str, Seen]
    errors: list[str] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    reads: dict[str, int] = field(default_factory=dict)
    untouched: Samples = field(default_factory=dict)
    targets: set[str] = field(default_factory=set)
    before: float = 0.0
    peak: float = 0.0
    after: float = 0.0
    log: str = ""


def faults(subject: Subject) -> dict[str, Responder]:
    """Every illness that is a matter of answers; `down` is not."""
    also = {name: respond for name, (respond, _) in subject.also.items()}
    return {**FAULTS, "nan": subject.nan(), "clock ahead": subject.ahead(), **also}


def reasons(subject: Subject) -> dict[str, Reason]:
    """Those that end in a failure, and in which."""
    empty: dict[str, Reason] = {} if isinstance(subject.empty, Mapping) else {"empty object": subject.empty}
    return {**REASONS, **empty, "down": "connect", **{name: reason for name, (_, reason) in subject.also.items()}}


def values(page: Samples, metric: str) -> dict[frozenset[tuple[str, str]], float]:
    """Labels -> value."""
    return {labels: value for (name, labels), value in page.items() if name == metric}


def upstream_only(page: Samples) -> Samples:
    """Without what mlvitals says of itself."""
    return {key: value for key, value in page.items() if not key[0].startswith("mlvitals_")}


def watch(type_name: str, subject: Subject, folder: Path) -> Watch:
    """Run it all, about half a minute."""
    ill = faults(subject)
    with ExitStack() as stack:
        upstreams = {name: stack.enter_context(Replay(subject.well())) for name in (*ill, UNTOUCHED)}
        down = Replay(subject.well())
        urls = {name: upstream.url for name, upstream in upstreams.items()} | {"down": down.url}
        vitals = stack.enter_context(_process(type_name, subject, folder, urls))
        hospital = _Hospital(subject, vitals, urls)
        down.__enter__()
        hospital.wait("all are well", hospital.well)
        hospital.begin()
        down.__exit__(None, None, None)
        for name, respond in ill.items():
            upstreams[name].respond = respond
        hospital.wait("all are ill", hospital.ill)
        hospital.note_illness()
        for upstream in upstreams.values():
            upstream.respond = subject.well()
        with Replay(subject.well(), port=down.port):
            hospital.wait("all are well again", hospital.recovered)
            hospital.wait("memory is given back", hospital.slim)
            return hospital.end()


@contextmanager
def _process(type_name: str, subject: Subject, folder: Path, urls: Mapping[str, str]) -> Iterator[Vitals]:
    times = {"interval": f"{INTERVAL}s", "deadline": f"{DEADLINE}s", "stale_after": f"{STALE_AFTER}s"}
    entries = [{"name": slug(name), "type": type_name, **times, **subject.settings(url)} for name, url in urls.items()]
    (folder / "mlvitals.yml").write_text(yaml.safe_dump({"exporters": entries}))
    with mlvitals(folder) as vitals:
        yield vitals


def slug(name: str) -> str:
    """The exporter that meets this fault."""
    return name.replace(" ", "-")


class Witness:
    """Looks whether each target of an exporter stays as it was: up, read in time, with the same series.

    `touched` are the differences in words; `reads` counts the successes of each target.
    """

    def __init__(self, before: Samples) -> None:
        self.touched: set[str] = set()
        self._before = before
        self._targets = sorted(dict(labels)["target"] for labels in values(before, "mlvitals_target_up"))
        self.reads = dict.fromkeys(self._targets, 0)
        self._last = {target: self._of(before, "last_success_timestamp_seconds", target) for target in self._targets}

    def look(self, page: Samples, asked: float) -> None:
        """Compare a page that was asked for at that moment."""
        for target in self._targets:
            self._look_at(target, page, asked)
        for metric, labels in page.keys() | self._before.keys():
            was, now = self._before.get((metric, labels)), page.get((metric, labels))
            if was != now and metric not in _CHANGES:
                self.touched.add(f"{metric}{dict(labels)} was {was}, is {now}")

    def _look_at(self, target: str, page: Samples, asked: float) -> None:
        last = self._of(page, "last_success_timestamp_seconds", target)
        if last < self._last[target]:
            self.touched.add(f"{target}: last success went back")
        if asked - last > FRESH:
            self.touched.add(f"{target}: last read {asked - last:.0f} s ago")
        self.reads[target] += last > self._last[target]
        self._last[target] = last

    def _of(self, page: Samples, what: str, target: str) -> float:
        return page.get((f"mlvitals_target_{what}", frozenset({("target", target)})), 0.0)


class _Hospital:
    def __init__(self, subject: Subject, vitals: Vitals, urls: Mapping[str, str]) -> None:
        self._subject = subject
        self._vitals = vitals
        self._reasons = reasons(subject)
        self._pages: dict[str, Samples] = {}
        self._names = list(urls)
        self._addresses = {name: url.partition("//")[2] for name, url in urls.items()}
        self._witness: Witness | None = None
        self._watch = Watch({name: Seen() for name in urls if name != UNTOUCHED})

    def wait(self, what: str, condition: Callable[[str], bool]) -> None:
        """Read every page again and again until the condition holds of each; what does not is an error."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self._read()
            missing = [name for name in self._names if not condition(name)]
            if not missing:
                return
            time.sleep(0.2)
        self._watch.errors.append(f"not true within {PATIENCE:g} s: {what}; missing: {', '.join(missing)}")

    def well(self, name: str) -> bool:
        page = self._pages.get(name, {})
        up = values(page, "mlvitals_target_up")
        return bool(up) and all(up.values()) and all(values(page, metric) for metric in self._subject.shows)

    def ill(self, name: str) -> bool:
        """It fails and its old data is gone; or it has taken the odd answers in."""
        page = self._pages.get(name, {})
        if name in self._reasons:
            return not any(values(page, "mlvitals_target_up").values()) and not upstream_only(page)
        ages = (
            time.time() - moment for moment in values(page, "mlvitals_target_last_success_timestamp_seconds").values()
        )
        began = time.monotonic() - self._began
        return began > STALE_AFTER and max(ages, default=0.0) < began

    def recovered(self, name: str) -> bool:
        same = upstream_only(self._pages.get(name, {})) == upstream_only(self._pages.get(UNTOUCHED, {}))
        return self.well(name) and same

    def slim(self, _: str) -> bool:
        self._watch.after = self._memory("VmRSS")
        return self._watch.after < self._watch.before + KEPT

    def begin(self) -> None:
        self._watch.targets = {
            dict(labels)["target"] for labels in values(self._pages[UNTOUCHED], "mlvitals_target_up")
        }
        self._watch.before = self._memory("VmRSS")
        self._witness = Witness(self._pages[UNTOUCHED])
        self._began = time.monotonic()

    def note_illness(self) -> None:
        for name, seen in self._watch.seen.items():
            seen.ill = self._pages[name]
        self._watch.peak = self._memory("VmHWM")

    def end(self) -> Watch:
        for name, seen in self._watch.seen.items():
            seen.recovered = self._pages[name]
        self._watch.untouched = self._pages[UNTOUCHED]
        if self._witness:
            self._watch.touched, self._watch.reads = self._witness.touched, self._witness.reads
        self._watch.log = self._vitals.server.log.read_text()
        return self._watch

    def _read(self) -> None:
        for path in ("/", "/-/healthy", "/metrics", "/sd"):
            self._get(path)
        for name in self._names:
            asked = time.time()
            text = self._get(f"/metrics/{slug(name)}")
            if text is not None:
                # Where targets are addresses, those of one are the same as of another.
                self._pages[name] = samples(text.replace(self._addresses[name], "upstream"))
                self._note_age(name, asked)

    def _get(self, path: str) -> str | None:
        try:
            answer = requests.get(self._vitals.url + path, timeout=10)
        except requests.RequestException as error:
            self._watch.errors.append(f"{path}: {type(error).__name__}")
            return None
        if answer.status_code != 200:
            self._watch.errors.append(f"{path}: {answer.status_code}")
        return answer.text

    def _note_age(self, name: str, asked: float) -> None:
        """Whether the page shows what a target said too long ago."""
        page = self._pages[name]
        moments = values(page, "mlvitals_target_last_success_timestamp_seconds")
        ages = [asked - moment for moment in moments.values()]
        if name == UNTOUCHED:
            if self._witness:
                self._witness.look(page, asked)
        elif upstream_only(page) and min(ages, default=0.0) > STALE_AFTER + SLACK:
            self._watch.seen[name].stale.append(f"shown after {min(ages):.1f} s")

    def _memory(self, which: str) -> float:
        lines = Path(f"/proc/{self._vitals.server.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(which)) / 1024
