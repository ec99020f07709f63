"""The certificate authority of the emulator's RDS, and a certificate for each cluster's endpoints."""

import ssl
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LIFE = timedelta(days=365)
LONGEST_COMMON_NAME = 64


class Authority:
    """Signs for names; made when it is first needed."""

    @cached_property
    def _key(self) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def _certificate(self) -> x509.Certificate:
        name = _name("Emulated RDS Root CA")
        built = _builder(name, name, self._key.public_key())
        built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        return built.sign(self._key, hashes.SHA256())

    @property
    def bundle(self) -> str:
        """The certificate that clients trust."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def context(self, names: Iterable[str]) -> ssl.SSLContext:
        """The TLS context of a server with these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name("emulated-rds")
        built = _builder(subject, self._certificate.subject, key.public_key())
        named = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        signed = built.add_extension(named, critical=False).sign(self._key, hashes.SHA256())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile("wb") as file:  # SSLContext reads files alone
            file.write(signed.public_bytes(serialization.Encoding.PEM))
            file.write(
                key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
            )
            file.flush()
            context.load_cert_chain(Path(file.name))
        return context


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFE)
    )


authority = Authority()
"""That of this emulator."""
