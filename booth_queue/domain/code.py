"""Signed codes: whoever has the public key can check one, with the service or without it.

A code is ``<kind>.<payload>.<signature>``: base64url of compact JSON, and of its Ed25519 signature
(RFC 8032) over kind and payload.
"""

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

BOOKING: Final = "B1"
RESULT: Final = "R1"


class CodeError(ValueError):
    """A code is malformed, of another kind, not signed by this key, or over."""


def sign(key: Ed25519PrivateKey, kind: str, payload: dict[str, Any]) -> str:
    """Return a signed code; ``payload['x']`` is the end of its life as a Unix time, if any."""
    text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    body = f"{kind}.{_encode(text.encode())}"
    return f"{body}.{_encode(key.sign(body.encode()))}"


def verify(key: Ed25519PublicKey, kind: str, code: str, now: datetime) -> dict[str, Any]:
    """Return the payload of a code.

    Raises
    ------
    CodeError
        It is not a valid code of this kind at this time.
    """
    parts = code.split(".")
    if len(parts) != 3 or parts[0] != kind:
        raise CodeError(f"not a code of kind {kind}")
    try:
        key.verify(_decode(parts[2]), f"{parts[0]}.{parts[1]}".encode())
        payload: dict[str, Any] = json.loads(_decode(parts[1]))
    except (InvalidSignature, ValueError) as error:
        raise CodeError("the signature does not fit") from error
    ends = payload.get("x")
    if ends is not None and datetime.fromtimestamp(ends, UTC) <= now:
        raise CodeError("the code is over; ask for a new one")
    return payload


def payload_text(code: str) -> str:
    """Return the payload of a code as JSON, without checking the signature."""
    return _decode(code.split(".")[1]).decode()


def public_key(text: str) -> Ed25519PublicKey:
    """Return a public key from its 32 bytes in base64url.

    Raises
    ------
    CodeError
        Not a key.
    """
    try:
        return Ed25519PublicKey.from_public_bytes(_decode(text))
    except ValueError as error:
        raise CodeError("not an Ed25519 public key in base64url") from error


def public_text(key: Ed25519PrivateKey) -> str:
    """Return the public half of a key as its 32 bytes in base64url."""
    return _encode(key.public_key().public_bytes_raw())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
