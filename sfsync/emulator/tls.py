"""A certificate authority of the emulator's own, and the key pair of its JWT client."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from pathlib import Path

# The login hosts are hard-coded in many clients; they reach the emulator by a proxy or the hosts file [facts: api 13].
NAMES = (
    "localhost",
    "127.0.0.1",
    "org.example",
    "login.salesforce.com",
    "test.salesforce.com",
    "*.salesforce.com",
    "*.my.salesforce.com",
)


@dataclass(frozen=True)
class TlsFiles:
    """The files of one server: who signed it (for clients), and its own chain with key."""

    ca_file: Path
    chain_file: Path


def write_tls(directory: Path) -> TlsFiles:
    """Make a certificate authority and a server certificate, and write them to PEM files."""
    authority = trustme.CA()
    certificate = authority.issue_cert(*NAMES)
    files = TlsFiles(directory / "ca.pem", directory / "server.pem")
    authority.cert_pem.write_to_path(str(files.ca_file))
    certificate.private_key_and_cert_chain_pem.write_to_path(str(files.chain_file))
    files.chain_file.chmod(0o600)
    return files


@cache
def jwt_key() -> rsa.RSAPrivateKey:
    """Return the key that the emulators of this process share: to make one takes longer than all else of a start."""
    return new_jwt_key()


def new_jwt_key() -> rsa.RSAPrivateKey:
    """Make a key for clients that log in by JWT."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def write_jwt_key(path: Path, key: rsa.RSAPrivateKey) -> str:
    """Write the private half of a key to a PEM file, and return the public half as PEM."""
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private)
    path.chmod(0o600)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return public.decode()
