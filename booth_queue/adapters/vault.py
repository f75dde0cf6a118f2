"""Secrets: AES-GCM for personal data, keyed hashes to look it up by, Argon2 for passwords."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES: Final = 12


def derive_key(master: bytes, purpose: str) -> bytes:
    """Derive a 32-byte key for one purpose from the master key (HKDF, RFC 5869)."""
    return HKDF(SHA256(), 32, salt=None, info=f"booth_queue/{purpose}".encode()).derive(master)


class AesVault:
    """The service's `Vault`: every key is derived from one 32-byte master key."""

    def __init__(self, master: bytes) -> None:
        self._cipher = AESGCM(derive_key(master, "seal"))
        self._digest_key = derive_key(master, "digest")
        self._passwords = PasswordHasher()
        # Compared against when there is no such account, so that the time tells nothing.
        self._nobody = self._passwords.hash(secrets.token_urlsafe(16))

    def seal(self, person_id: str, fields: Mapping[str, str | None]) -> bytes:
        """Encrypt a person's fields; they open for the same person alone."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = json.dumps(dict(fields), ensure_ascii=False).encode()
        return nonce + self._cipher.encrypt(nonce, plain, person_id.encode())

    def unseal(self, person_id: str, sealed: bytes) -> dict[str, str | None]:
        """Decrypt a person's fields."""
        nonce, secret = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        fields: dict[str, str | None] = json.loads(
            self._cipher.decrypt(nonce, secret, person_id.encode())
        )
        return fields

    def digest(self, purpose: str, value: str) -> str:
        """Return a keyed hash (HMAC-SHA-256) to look a value up by."""
        return hmac.new(
            self._digest_key, f"{purpose}\0{value}".encode(), hashlib.sha256
        ).hexdigest()

    def hash_password(self, password: str) -> str:
        """Hash with Argon2id."""
        return self._passwords.hash(password)

    def password_matches(self, hashed: str | None, password: str) -> bool:
        """Compare; takes the same time whether or not there is a hash."""
        try:
            self._passwords.verify(hashed or self._nobody, password)
        except VerifyMismatchError:
            return False
        return hashed is not None
