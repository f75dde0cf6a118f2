"""Signing records: canonical JSON, a hash chain over a booth's records, Ed25519 signatures.

A record can be neither changed (signature), nor left out or put elsewhere (chain) without that
being seen. Canonical form is RFC 8785; the digest is SHA-256 over the canonical bytes of record
and chain link together.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from station.errors import StationError

GENESIS = "0" * 64
"""The link before a booth's first record."""

_FIELDS = frozenset({"record", "sequence", "previous", "digest", "signature", "key"})


@dataclass(frozen=True, slots=True)
class SignedRecord:
    """A record's document with its place in the chain and its signature.

    ``digest`` and ``previous`` are SHA-256 in hex, ``signature`` is base64, ``key`` the
    fingerprint of the booth's public key.
    """

    record: Mapping[str, Any]
    sequence: int
    previous: str
    digest: str
    signature: str
    key: str

    def document(self) -> dict[str, Any]:
        """Return the signed record as plain JSON values."""
        return {
            "record": dict(self.record),
            "sequence": self.sequence,
            "previous": self.previous,
            "digest": self.digest,
            "signature": self.signature,
            "key": self.key,
        }

    def to_bytes(self) -> bytes:
        """Return the canonical JSON of the whole, as it is written to disk."""
        return rfc8785.dumps(self.document())

    @classmethod
    def from_document(cls, document: object) -> "SignedRecord":
        """Read a signed record; raises StationError where a field is missing, extra or mistyped."""
        if not isinstance(document, Mapping) or set(document) != _FIELDS:
            found = sorted(document) if isinstance(document, Mapping) else type(document).__name__
            raise StationError(f"not a signed record: found {found}, wants {sorted(_FIELDS)}")
        record, sequence = document["record"], document["sequence"]
        texts = {name: document[name] for name in ("previous", "digest", "signature", "key")}
        if not isinstance(record, Mapping) or not isinstance(sequence, int) or sequence < 1:
            raise StationError("not a signed record: `record` or `sequence` is malformed")
        if not all(isinstance(text, str) for text in texts.values()):
            raise StationError(f"not a signed record: {', '.join(texts)} must be texts")
        return cls(record, sequence, **texts)


class BoothKey:
    """A booth's Ed25519 key pair. The private half never leaves the booth's key file."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    @classmethod
    def load_or_create(cls, path: Path) -> "BoothKey":
        """Read the key at ``path``, or make one readable by its owner alone.

        The public half is written beside it as ``.pub``. Raises StationError on a file that is no
        Ed25519 key, or that others may read.
        """
        if not path.exists():
            key = cls(Ed25519PrivateKey.generate())
            pem = key._private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            path.touch(mode=0o600)
            path.write_bytes(pem)
            path.with_suffix(".pub").write_bytes(key.public.to_pem())
            return key
        if path.stat().st_mode & 0o077:
            raise StationError(f"booth key {path} can be read by others; run `chmod 600 {path}`")
        try:
            private = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except ValueError as error:
            raise StationError(f"{path} is no private key ({error}); restore it") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise StationError(f"{path} holds another kind of key, wants Ed25519; restore it")
        return cls(private)

    @property
    def public(self) -> "PublicKey":
        """The half that verifies."""
        return PublicKey(self._private.public_key())

    def sign(self, record: Mapping[str, Any], sequence: int, previous: str) -> SignedRecord:
        """Sign ``record`` as number ``sequence`` (from 1) after the digest ``previous``."""
        digest = _digest(record, sequence, previous)
        signature = base64.b64encode(self._private.sign(bytes.fromhex(digest))).decode()
        return SignedRecord(record, sequence, previous, digest, signature, self.public.fingerprint)


class PublicKey:
    """The half of a booth's key that verifies."""

    def __init__(self, public: Ed25519PublicKey) -> None:
        self._public = public

    @classmethod
    def load(cls, path: Path) -> "PublicKey":
        """Read a PEM public key; raises StationError where it is none."""
        try:
            public = serialization.load_pem_public_key(path.read_bytes())
        except (OSError, ValueError) as error:
            raise StationError(f"cannot read the public key {path}: {error}") from error
        if not isinstance(public, Ed25519PublicKey):
            raise StationError(f"{path} holds another kind of key, wants Ed25519")
        return cls(public)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the raw key in hex."""
        raw = self._public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return hashlib.sha256(raw).hexdigest()

    def to_pem(self) -> bytes:
        """Return the key as PEM."""
        return self._public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def verify(self, signed: SignedRecord) -> None:
        """Raise StationError unless content, digest, key and signature agree."""
        if signed.key != self.fingerprint:
            raise StationError(
                f"record {signed.sequence} was signed with key {signed.key[:12]}, "
                f"not with {self.fingerprint[:12]}; pass that booth's public key"
            )
        if _digest(signed.record, signed.sequence, signed.previous) != signed.digest:
            raise StationError(f"record {signed.sequence} was changed: its digest does not match")
        try:
            self._public.verify(
                base64.b64decode(signed.signature, validate=True), bytes.fromhex(signed.digest)
            )
        except (InvalidSignature, binascii.Error) as error:
            raise StationError(f"record {signed.sequence} carries a false signature") from error


def verify_chain(records: Iterable[SignedRecord], key: PublicKey) -> int:
    """Verify a booth's records from the first on; return how many there are.

    Raises StationError at the first that is changed, missing or out of place.
    """
    expected, previous = 1, GENESIS
    for signed in records:
        key.verify(signed)
        if signed.sequence != expected:
            raise StationError(f"record {expected} is missing: the next is {signed.sequence}")
        if signed.previous != previous:
            raise StationError(f"record {signed.sequence} does not follow the one before it")
        expected, previous = expected + 1, signed.digest
    return expected - 1


def _digest(record: Mapping[str, Any], sequence: int, previous: str) -> str:
    try:
        canonical = rfc8785.dumps(
            {"record": dict(record), "sequence": sequence, "previous": previous}
        )
    except rfc8785.CanonicalizationError as error:
        raise StationError(f"record {sequence} has no canonical form: {error}") from error
    return hashlib.sha256(canonical).hexdigest()
