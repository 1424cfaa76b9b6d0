#!/usr/bin/env python3
"""Writes certificates.json: models signed by chains of certificates on each curve, and the reference program's verdicts.

Made with model-signing 1.1.1, cryptography 50.0.2 and pyOpenSSL 26.4.0 (PyPI), Python 3.11. In a throw-away environment:

    python3 -m venv /tmp/oms && /tmp/oms/bin/pip install model-signing==1.1.1 cryptography==50.0.2 pyOpenSSL==26.4.0
    /tmp/oms/bin/python make_certificates.py certificates.json

`accepted` is the verdict of `model_signing`, which reads no revocation lists. Every run makes other keys.
"""

import datetime
import json
import sys
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from model_signing import signing, verifying

CURVES = {
    "P-256": (ec.SECP256R1(), hashes.SHA256()),
    "P-384": (ec.SECP384R1(), hashes.SHA384()),
    "P-521": (ec.SECP521R1(), hashes.SHA512()),
}
FILES = {"weights.bin": b"weights\n", "sub/card.md": b"card\n"}


def year(number: int) -> datetime.datetime:
    return datetime.datetime(number, 1, 1, tzinfo=datetime.timezone.utc)


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def usage(*granted: str) -> x509.KeyUsage:
    kinds = [
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    ]
    return x509.KeyUsage(**{kind: kind in granted for kind in kinds})


class Party:
    """A key with its certificate."""

    def __init__(self, curve, subject, issuer=None, *, years=(2024, 2044), ca=True, length=None, granted=None,
                 extended=None, key=None):
        kind, self.hash = curve
        self.key = key or ec.generate_private_key(kind)
        signer = issuer or self
        builder = x509.CertificateBuilder().subject_name(name(subject)).public_key(self.key.public_key())
        builder = builder.issuer_name(issuer.subject if issuer else name(subject))
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(year(years[0])).not_valid_after(year(years[1]))
        if ca is not None:
            builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=length), critical=True)
        if granted is None:
            granted = ("key_cert_sign", "crl_sign") if ca else ("digital_signature",)
        if granted:
            builder = builder.add_extension(usage(*granted), critical=True)
        if extended:
            builder = builder.add_extension(x509.ExtendedKeyUsage([extended]), critical=False)
        self.certificate = builder.sign(signer.key, self.hash)
        self.subject = self.certificate.subject

    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def secret(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def revoking(self, *parties: "Party") -> str:
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.subject)
        builder = builder.last_update(year(2025)).next_update(year(2045))
        for party in parties:
            entry = x509.RevokedCertificateBuilder().serial_number(party.certificate.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(year(2025)).build())
        return builder.sign(self.key, self.hash).public_bytes(serialization.Encoding.PEM).decode()


def is_accepted(model: Path, signature: Path, roots: Path) -> bool:
    try:
        verifying.Config().use_certificate_verifier(certificate_chain=[roots]).verify(model, signature)
    except Exception:
        return False
    return True


def case(curve_name, text, leaf, chain, roots, *, lists=(), change=None):
    """Signs with the leaf, verifies with the roots, and returns both."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        model = folder / "model"
        for path, content in FILES.items():
            (model / path).parent.mkdir(parents=True, exist_ok=True)
            (model / path).write_bytes(content)
        (folder / "key.pem").write_bytes(leaf.secret())
        (folder / "leaf.pem").write_text(leaf.pem())
        (folder / "chain.pem").write_text("".join(party.pem() for party in chain))
        (folder / "roots.pem").write_text("".join(party.pem() for party in roots))
        signature = folder / "model.sig"
        signing.Config().use_certificate_signer(
            private_key=folder / "key.pem", signing_certificate=folder / "leaf.pem",
            certificate_chain=[folder / "chain.pem"],
        ).sign(model, signature)
        bundle = json.loads(signature.read_text())
        if change:
            change(bundle)
            signature.write_text(json.dumps(bundle))
        accepted = is_accepted(model, signature, folder / "roots.pem")
        return {
            "curve": curve_name, "case": text, "accepted": accepted, "signature": bundle,
            "roots": (folder / "roots.pem").read_text(), "lists": "".join(lists),
        }


def cases(curve_name: str):
    curve = CURVES[curve_name]
    root = Party(curve, "Root", length=2)
    middle = Party(curve, "Issuer", root, length=0)
    leaf = Party(curve, "Signer", middle, ca=False)
    chain = [middle]

    def make(text, leaf=leaf, chain=chain, roots=(root,), **more):
        return case(curve_name, text, leaf, list(chain), list(roots), **more)

    def certificate_of_another_key(bundle):
        other = Party(curve, "Signer", middle, ca=False)
        with_other = make("", other)["signature"]["verificationMaterial"]
        bundle["verificationMaterial"] = with_other

    yield make("valid chain")
    yield make("valid, signed by the root alone", Party(curve, "Signer", root, ca=False), [root])
    yield make("expired signer, whose signature has no time", Party(curve, "Signer", middle, ca=False, years=(2025, 2026)))
    yield make("signer for code", Party(curve, "Signer", middle, ca=False, granted=("key_agreement",),
                                        extended=ExtendedKeyUsageOID.CODE_SIGNING))
    yield make("signer for code, no key usage", Party(curve, "Signer", middle, ca=False, granted=(),
                                                      extended=ExtendedKeyUsageOID.CODE_SIGNING))
    yield make("signer without any usage", Party(curve, "Signer", middle, ca=False, granted=()))
    yield make("signer for key agreement", Party(curve, "Signer", middle, ca=False, granted=("key_agreement",)))
    yield make("signer for servers", Party(curve, "Signer", middle, ca=False, granted=("key_agreement",),
                                           extended=ExtendedKeyUsageOID.SERVER_AUTH))
    expired = Party(curve, "Issuer", root, years=(2020, 2023))
    yield make("expired issuer", Party(curve, "Signer", expired, ca=False), [expired])
    early = Party(curve, "Issuer", root, years=(2030, 2044))
    yield make("issuer of a later time", Party(curve, "Signer", early, ca=False), [early])
    ended = Party(curve, "Root", years=(2020, 2023))
    yield make("expired root", Party(curve, "Signer", ended, ca=False), [ended], [ended])
    yield make("another root of the same name", roots=[Party(curve, "Root", length=2)])
    other = Party(curve, "Issuer", root, length=0)
    yield make("issuer of the same name and another key", chain=[other])
    yield make("no issuer", chain=[root])
    plain = Party(curve, "Issuer", root, ca=False)
    yield make("issuer that is no authority", Party(curve, "Signer", plain, ca=False), [plain])
    bare = Party(curve, "Issuer", root, ca=None, granted=("key_cert_sign",))
    yield make("issuer without basic constraints", Party(curve, "Signer", bare, ca=False), [bare])
    other_usage = Party(curve, "Issuer", root, granted=("crl_sign",))
    yield make("issuer that may not issue", Party(curve, "Signer", other_usage, ca=False), [other_usage])
    deeper = Party(curve, "Deeper", middle)
    yield make("more issuers than allowed", Party(curve, "Signer", deeper, ca=False), [deeper, middle])
    yield make("certificate of another key", change=certificate_of_another_key)
    circle = [Party(curve, "Circle", length=None)]
    while len(circle) < 12:
        circle.append(Party(curve, "Circle", circle[0], key=circle[0].key, years=(2024, 2033 + len(circle))))
    yield make("issuers in a circle", Party(curve, "Signer", circle[0], ca=False), circle)
    yield make("revoked signer", lists=[middle.revoking(leaf)])
    yield make("revoked issuer", lists=[root.revoking(middle)])
    yield make("list that revokes another", lists=[middle.revoking(Party(curve, "Signer", middle, ca=False))])
    yield make("list by another key", lists=[other.revoking(leaf)])


found = [made for curve_name in CURVES for made in cases(curve_name)]
text = json.dumps({"files": {path: content.decode() for path, content in FILES.items()}, "cases": found}, indent=0)
Path(sys.argv[1]).write_text(text + "\n")
for made in found:
    print(made["curve"], "accepted" if made["accepted"] else "refused ", made["case"])
