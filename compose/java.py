"""Java and Maven: those on PATH, else Debian's, fetched into the cache folder without root."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import ssl
import struct
from pathlib import Path

from compose import debian
from compose.cache import MissingError, installed

PACKAGES = ("default-jre-headless", "maven")
PARTS = re.compile(r"^(?:openjdk-\d+-jre-headless|lib\S+-java)$", re.MULTILINE)
PROGRAMS = {"java": "usr/lib/jvm/java-*-openjdk-*/bin/java", "mvn": "usr/share/maven/bin/mvn"}
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
CERTIFICATE = re.compile(f"{ssl.PEM_HEADER}.+?{ssl.PEM_FOOTER}", re.DOTALL)


def check() -> None:
    """Raises MissingError with what to install where they are neither there nor to be had."""
    if not all(map(shutil.which, PROGRAMS)) and not shutil.which("apt-get"):
        raise MissingError(_wanted())


def program(name: str) -> Path:
    """`java` or `mvn`. Raises MissingError with what to install."""
    if all(map(shutil.which, PROGRAMS)):
        return Path(shutil.which(name) or "")
    return fetched(name)


def fetched(name: str) -> Path:
    """Debian's, whatever PATH has. Raises MissingError with what to install."""
    folder = installed("java", [PACKAGES, PARTS.pattern, debian.system()], _fetch)
    return next((folder / "tree").glob(PROGRAMS[name]))


def home() -> Path:
    """JAVA_HOME."""
    return program("java").resolve().parent.parent


def _fetch(folder: Path) -> None:
    try:
        debian.unpack(PACKAGES, PARTS, folder)
    except MissingError as error:
        raise MissingError(f"{_wanted()}. They are not there, and {error}") from error
    tree = folder / "tree"
    for link in [path for path in tree.rglob("*") if path.is_symlink() and path.readlink().is_absolute()]:
        target = tree / link.readlink().relative_to("/")
        link.unlink()
        link.symlink_to(os.path.relpath(target, link.parent))
    # The package would make it when it is installed.
    store = tree / "etc/ssl/certs/java/cacerts"
    store.parent.mkdir(parents=True, exist_ok=True)
    store.write_bytes(_key_store(CERTIFICATE.findall(CERTIFICATES.read_text())))


def _key_store(certificates: list[str]) -> bytes:
    """Java's own format, version 2, of trusted certificates, with the password that Java expects of it."""
    data = struct.pack(">III", 0xFEEDFEED, 2, len(certificates))
    for number, certificate in enumerate(certificates):
        encoded = ssl.PEM_cert_to_DER_cert(certificate)
        data += struct.pack(">I", 2) + _text(str(number)) + bytes(8) + _text("X.509")
        data += struct.pack(">I", len(encoded)) + encoded
    checked = "changeit".encode("utf-16-be") + b"Mighty Aphrodite" + data
    return data + hashlib.sha1(checked, usedforsecurity=False).digest()


def _text(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode()


def _wanted() -> str:
    return f"HDFS needs Java 11 or newer and Maven: apt-get install {' '.join(PACKAGES)}"
