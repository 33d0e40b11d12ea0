"""A bucket of S3 with files, as moto's server plays it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

MOTO = "moto does not install beside the oldest releases"


@contextmanager
def filled(name: str, files: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    """A bucket with these files; yields the key `s3` of an exporter. Skips without moto."""
    boto3 = pytest.importorskip("boto3", reason=MOTO)
    server = pytest.importorskip("moto.server", reason=MOTO).ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
        client = boto3.client("s3", endpoint_url=url, **keys)
        client.create_bucket(Bucket=name)
        for path, data in files.items():
            client.put_object(Bucket=name, Key=path.lstrip("/"), Body=data)
        client.close()
        yield {"endpoint_url": url, "access_key": "a", "secret_key": "b", "region": "us-east-1"}
    finally:
        server.stop()
