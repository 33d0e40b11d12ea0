"""Files on S3, or on what speaks like it, with pyarrow's own client."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from mlvitals.core.collector import Deadline, Reason, UpstreamError
from mlvitals.core.credentials import secret
from mlvitals.core.failures import hide, plain
from mlvitals.core.files import Entry, missing_library
from mlvitals.core.settings import ConfigFile, HttpUrl, Mistake, Settings

TIMEOUT = 30.0
"""Seconds in which nothing may come."""
CONNECT_TIMEOUT = 5.0


class S3(Settings):
    """How S3, or what speaks like it, is reached."""

    endpoint_url: HttpUrl | None = Field(None, description="another service than Amazon's, such as http://minio:9000")
    region: str | None = Field(None, description="region of the bucket")
    access_key: str | None = Field(
        None, description="access key; without it AWS's usual places are asked: environment, ~/.aws, the machine's role"
    )
    secret_key: SecretStr | None = Field(None, description="its secret key")
    secret_key_file: ConfigFile | None = Field(None, description="file that holds the secret key")
    ca_file: ConfigFile | None = Field(None, description="CA that signed the certificate of endpoint_url")

    @classmethod
    def mistakes(cls, data: Mapping[str, Any]) -> Iterator[Mistake]:
        """Half a key, or two halves."""
        secrets = data.keys() & {"secret_key", "secret_key_file"}
        if len(secrets) != ("access_key" in data):
            yield (), "expected access_key with one of secret_key and secret_key_file, or none of them"


_REASONS: tuple[tuple[str, Reason], ...] = (
    ("ACCESS_DENIED|INVALID_ACCESS_KEY_ID|SIGNATURE|TOKEN|CREDENTIAL|HTTP response code[:]? 40[13]|ACCESS_KEY", "auth"),
    ("REQUEST_TIMEOUT|curlCode: 28|[Tt]imeout", "timeout"),
    ("NETWORK_CONNECTION|curlCode|SSL", "connect"),
)
"""What is in an error's words -> its reason; another one is `http`."""
_OF_AWS = re.compile(r"AWS Error|curlCode")


class S3Store:
    """Buckets and their keys, as `bucket/key`. Raises UpstreamError only."""

    def __init__(self, settings: S3, deadline: Deadline) -> None:
        with missing_library("pyarrow", "data"):
            from pyarrow import fs

        self._fs = fs
        self._settings = settings
        self._deadline = deadline
        self._secret = secret(settings.secret_key, settings.secret_key_file)
        with self._explained(""):
            self._files = fs.S3FileSystem(**self._options())

    def entry(self, path: str) -> Entry | None:
        """HeadObject, and a look whether there are keys below.

        The right to read what is below a folder does not cover the folder's own key: a refusal may hide a folder.
        """
        try:
            with self._explained(path):
                found = _entry(self._files.get_file_info(path))
        except UpstreamError as error:
            if error.reason == "auth" and self.entries(path):
                return Entry(path, True)
            raise
        if found is None:
            self._expect_bucket(path)
        return found

    def entries(self, folder: str) -> Sequence[Entry]:
        """ListObjectsV2 of the keys below, up to the next slash."""
        with self._explained(folder):
            selector = self._fs.FileSelector(folder.rstrip("/"), allow_not_found=True)
            return [entry for info in self._files.get_file_info(selector) if (entry := _entry(info))]

    def open(self, entry: Entry) -> Any:
        """GetObject, once for each range that is read."""
        with self._explained(entry.path):
            return self._files.open_input_file(entry.path)

    def shown(self, path: str) -> str:
        """As a URL."""
        return plain(f"s3://{path}")

    def lost(self, path: str, error: Exception) -> UpstreamError | None:
        """Each range that is read is a request, which may be refused."""
        return self._refused(path, error) if isinstance(error, OSError) and _OF_AWS.search(str(error)) else None

    def close(self) -> None:
        """There is nothing to free."""

    def _expect_bucket(self, path: str) -> None:
        name = path.partition("/")[0]
        there = True
        # Whoever may not look at the bucket as a whole does not learn it.
        with contextlib.suppress(UpstreamError), self._explained(name):
            there = _entry(self._files.get_file_info(name)) is not None
        if not there:
            raise UpstreamError("connect", f"there is no {self.shown(path)}: there is no bucket {plain(name)!r}")

    def _options(self) -> dict[str, Any]:
        settings = self._settings
        options: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT, "request_timeout": TIMEOUT}
        if settings.region:
            options["region"] = settings.region
        if settings.access_key:
            options |= {"access_key": settings.access_key, "secret_key": self._secret}
        if settings.endpoint_url:
            parts = urlsplit(settings.endpoint_url)
            options |= {"scheme": parts.scheme, "endpoint_override": parts.netloc + parts.path}
        if settings.ca_file:
            options["tls_ca_file_path"] = str(settings.ca_file)
        return options

    @contextlib.contextmanager
    def _explained(self, path: str) -> Iterator[None]:
        self._deadline.remaining()
        try:
            yield
        except TypeError:
            raise UpstreamError("connect", "ca_file of s3 needs a newer pyarrow") from None
        except (OSError, ValueError) as error:
            raise self._refused(path, error) from None

    def _refused(self, path: str, error: Exception) -> UpstreamError:
        words = str(error)
        reason: Reason = next((reason for pattern, reason in _REASONS if re.search(pattern, words)), "http")
        return UpstreamError(reason, hide(f"{self.shown(path)}: {_short(words)}", [self._secret]))


def _short(words: str) -> str:
    """AWS's words from the name of the error on."""
    match = re.search(r"AWS Error .*", words, re.DOTALL)
    return plain(match[0] if match else words)


def _entry(info: Any) -> Entry | None:
    kind = info.type.name
    if kind == "NotFound":
        return None
    modified = info.mtime_ns / 1e9 if info.mtime_ns else None
    return Entry(info.path, kind == "Directory", info.size or 0, modified)
