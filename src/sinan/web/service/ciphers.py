"""Secrets at rest: model keys and webhook secrets, encrypted with a key that is not in the database.

The key is in `SINAN_SERVE_SECRET`, or in the file `secret` of the site's folder, made at the first start and readable
by its owner alone. Several, divided by commas or lines: the first encrypts, all decrypt, so that it can be changed.
"""

import base64
import hashlib
import hmac
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from sinan.errors import UsageError

ENVIRONMENT = "SINAN_SERVE_SECRET"


class Ciphers:
    """Encrypts and decrypts. `repr` shows nothing."""

    def __init__(self, keys: list[str]) -> None:
        """Raises UsageError where one is no key."""
        self._keys = keys
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
            self._oldest = base64.urlsafe_b64decode(keys[-1])
        except (ValueError, IndexError):
            raise UsageError(f"{ENVIRONMENT} holds no key: 32 bytes in URL-safe base64") from None

    def encrypt(self, secret: str) -> bytes:
        """What may be stored."""
        return self._fernet.encrypt(secret.encode())

    def decrypt(self, stored: bytes) -> str:
        """The secret. Raises UsageError where it was encrypted with another key."""
        try:
            return self._fernet.decrypt(bytes(stored)).decode()
        except InvalidToken:
            raise UsageError(
                f"a stored secret was encrypted with another key than {ENVIRONMENT} or the site's file `secret` holds"
            ) from None

    def pseudonym(self, purpose: str, text: str) -> str:
        """A name for something that is told to others under no other: the same each time, and to be found by nobody
        who has not the key. It stays the same where a new key is put before the old ones."""
        return hmac.new(self._oldest, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()[:24]

    def sealed(self, purpose: str, value: bytes) -> str:
        """What may be handed to a browser and is believed when it comes back, for this purpose alone."""
        return self._for(purpose).encrypt(value).decode()

    def unsealed(self, purpose: str, text: str, seconds: int) -> bytes | None:
        """What was sealed for this purpose no longer ago; None where it was not."""
        try:
            return self._for(purpose).decrypt(text.encode("utf-8", "replace"), ttl=seconds)
        except InvalidToken:
            return None

    def _for(self, purpose: str) -> MultiFernet:
        digests = (hmac.digest(key.encode(), purpose.encode(), "sha256") for key in self._keys)
        return MultiFernet([Fernet(base64.urlsafe_b64encode(one)) for one in digests])


def of(site: Path) -> Ciphers:
    """The site's; its key is made where there is none."""
    given = os.environ.get(ENVIRONMENT)
    path = site / "secret"
    if not given:
        try:
            fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(fd, "w") as file:
                file.write(Fernet.generate_key().decode() + "\n")
        given = path.read_text("utf-8")
    return Ciphers([key for key in given.replace(",", "\n").split() if key])
