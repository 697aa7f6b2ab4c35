"""A passkey device in a few lines: makes credentials and answers challenges as WebAuthn level 2 says (ES256, no attestation)."""

import base64
import hashlib
import json
import secrets
import struct
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import encode_cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Authenticator:
    """One device with one credential."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = secrets.token_bytes(32)
        self.user_handle = ""
        self.count = 0

    def _client(self, kind: str, challenge: str, origin: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()

    def _data(self, rp_id: str, flags: int) -> bytes:
        self.count += 1
        return hashlib.sha256(rp_id.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _public_key(self) -> bytes:
        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        return encode_cbor(cose)

    def _answer(self, response: dict[str, Any]) -> str:
        shown = {"id": text(self.credential_id), "rawId": text(self.credential_id), "type": "public-key"}
        return json.dumps({**shown, "clientExtensionResults": {}, "response": response})

    def make(self, options: Any, *, origin: str = "http://localhost") -> str:
        """The credential a browser sends back after registration."""
        self.user_handle = options["user"]["id"]
        attested = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id + self._public_key()
        data = self._data(options["rp"]["id"], PRESENT | VERIFIED | ATTESTED) + attested
        return self._answer(
            {
                "clientDataJSON": text(self._client("webauthn.create", options["challenge"], origin)),
                "attestationObject": text(encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})),
                "transports": ["internal"],
            }
        )

    def show(self, options: Any, *, origin: str = "http://localhost", verified: bool = True) -> str:
        """The answer to a challenge."""
        data = self._data(options["rpId"], PRESENT | (VERIFIED if verified else 0))
        client = self._client("webauthn.get", options["challenge"], origin)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": text(client),
                "authenticatorData": text(data),
                "signature": text(signature),
                "userHandle": self.user_handle,
            }
        )
