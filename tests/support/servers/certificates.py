"""A certificate authority for the length of a test, and identity providers that sign tokens."""

import datetime
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agents.embedded.process import LOOPBACK

DAY = datetime.timedelta(days=1)


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption())


@dataclass(frozen=True)
class Issued:
    """A certificate for loopback and its key, in files of their own and, as Kafka wants it, in one."""

    certificate: Path
    key: Path
    both: Path


class Authority:
    """Signs certificates. ``file`` is what others trust it by."""

    def __init__(self, directory: Path, common: str = "test authority") -> None:
        self._directory, self._key, self._name = directory, ec.generate_private_key(ec.SECP256R1()), name(common)
        own = self._builder(self._name, self._key.public_key())
        own = own.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        own = own.add_extension(usage, critical=True)
        own = own.add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
        self.file = directory / f"{common.replace(' ', '-')}.pem"
        self.file.write_bytes(self._signed(own))

    def issue(self, common: str, address: str = LOOPBACK) -> Issued:
        """A certificate that names an address."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(name(common), key.public_key())
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        ours = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        signed = self._signed(builder.add_extension(names, critical=False).add_extension(ours, critical=False))
        issued = Issued(*(self._directory / f"{common}.{suffix}" for suffix in ("crt", "key", "pem")))
        issued.certificate.write_bytes(signed)
        issued.key.write_bytes(pem(key))
        issued.both.write_bytes(pem(key) + signed)
        return issued

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        begun = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
        return begun.serial_number(x509.random_serial_number()).not_valid_before(now - DAY).not_valid_after(now + DAY)

    def _signed(self, builder: x509.CertificateBuilder) -> bytes:
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
