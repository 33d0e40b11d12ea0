"""Debian's Java and Maven run from where they are unpacked, and trust whom the system trusts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compose import java
from compose.processes import output
from tests.support.missing import skipped_without

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def home() -> Path:
    with skipped_without("DEBIAN'S JAVA"):
        return java.fetched("java").resolve().parent.parent


def test_maven_runs_on_it(home: Path) -> None:
    told = output([java.fetched("mvn"), "-version"], os.environ | {"JAVA_HOME": str(home)})
    assert f"runtime: {home}" in told


def test_it_trusts_whom_the_system_trusts(home: Path) -> None:
    listed = output([home / "bin/keytool", "-list", "-cacerts", "-storepass", "changeit"], os.environ)
    known = java.CERTIFICATES.read_text().count("BEGIN CERTIFICATE")
    assert known > 0
    assert listed.count("trustedCertEntry") == known


def test_nothing_of_it_leads_out_of_its_folder(home: Path) -> None:
    tree = java.fetched("java").parents[5]
    assert tree.name == "tree"
    out = [path for path in tree.rglob("*") if path.is_symlink() and not path.resolve().is_relative_to(tree.resolve())]
    assert out == []
