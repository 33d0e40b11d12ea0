"""Certificates of an authority of our own, as files."""

from __future__ import annotations

from pathlib import Path

import trustme


class Pki:
    """`ca.pem`, and `server` and `client` with `.pem` and `.key`, in a folder; more by `issue`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self._authority = trustme.CA()
        self._authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        self.issue("server", "127.0.0.1")
        self.issue("client", "prometheus.example")

    def issue(self, name: str, identity: str) -> None:
        """Write `<name>.pem` and `<name>.key` for a host name or address."""
        cert = self._authority.issue_cert(identity)
        cert.cert_chain_pems[0].write_to_path(str(self.folder / f"{name}.pem"))
        cert.private_key_pem.write_to_path(str(self.folder / f"{name}.key"))
