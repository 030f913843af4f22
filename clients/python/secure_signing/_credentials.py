"""The credentials of a request: the caller token, and the pairing signature by RFC 9421. No error quotes one of them."""
from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import re
import time
from functools import lru_cache
from typing import Callable, Dict, NamedTuple, Optional, Tuple, Type
from urllib.parse import urlsplit

from ._settings import USUAL_ORIGIN, Settings, SigningError, origin_of

#: The headers that must not reach anyone but the signer.
CREDENTIAL_HEADERS = ("Caller-Token", "Content-Digest", "Signature-Input", "Signature")
SECRET_BYTES = 32
_JWS = re.compile(r"[\w-]+\.([\w-]+)\.[\w-]+", re.ASCII)

Raise = Callable[[str], SigningError]


class Attempt(NamedTuple):
    """What one attempt sends, and where."""

    url: str
    headers: Dict[str, str]
    token: Optional[str]
    secret: Optional[bytes]

    def __repr__(self) -> str:
        return "<Attempt>"


class _Token(NamedTuple):
    text: str
    expires: float


class CallerToken:
    """
    Reads the caller token, which kubelet renews, for each request. If the mesh refuses a new token, the one before serves until
    it expires.

    Threads share it without a lock, because a fork could copy a locked one. So each assignment leaves a valid state.
    """

    def __init__(self, file: str, error: Raise = SigningError, now: Callable[[], float] = time.time) -> None:
        self._file, self._error, self._now = file, error, now
        #: The newest, and the last one before it that the mesh did not refuse.
        self._tokens: Tuple[Optional[_Token], Optional[_Token]] = (None, None)
        self._refused: Optional[str] = None

    def read(self) -> str:
        """Returns the token to send."""
        newest, previous = self._tokens
        text = _read(self._file, "the caller token (CALLER_TOKEN_FILE)", self._error).decode("utf-8", "replace").rstrip()
        if newest is None or newest.text != text:
            was_refused = newest is not None and newest.text == self._refused
            newest, previous = self._parse(text), previous if was_refused else newest
            self._tokens = (newest, previous)
        if newest.expires <= self._now():
            raise self._invalid("has expired")
        is_refused = newest.text == self._refused
        return previous.text if is_refused and previous and previous.expires > self._now() else newest.text

    def refuse(self, used: str) -> bool:
        """After the mesh refused `used`: says whether `read` now returns another one."""
        # It may be the previous one, once the mesh has only the new key.
        self._refused = used
        return self.read() != used

    def _parse(self, text: str) -> _Token:
        if not text:
            raise self._invalid("is empty")
        parts = _JWS.fullmatch(text)
        if not parts:
            raise self._invalid("is not a JWT")
        try:
            expires = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))["exp"]
            if type(expires) in (int, float) and math.isfinite(expires):
                return _Token(text, expires)
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            pass  # Without the cause, because it may quote the payload.
        raise self._invalid("has no valid expiry")

    def _invalid(self, what: str) -> SigningError:
        return self._error(f"the caller token (CALLER_TOKEN_FILE) in {self._file} {what}")


def read_secret(file: str, error: Raise = SigningError) -> bytes:
    """Reads the pairing secret. The signer makes a new one at each start."""
    secret = _read(file, "the pairing secret (PAIRING_SECRET_FILE)", error)
    if len(secret) != SECRET_BYTES:
        raise error(f"the pairing secret (PAIRING_SECRET_FILE) in {file} is not {SECRET_BYTES} bytes long")
    return secret


def _read(file: str, what: str, error: Raise) -> bytes:
    try:
        with open(file, "rb") as content:
            return content.read()
    except OSError as cause:
        raise error(f"{what} in {file} cannot be read: {cause.strerror}. Mount it, or set the variable") from cause


def sign(secret: bytes, method: str, path: str, body: bytes, created: int) -> Dict[str, str]:
    """Returns the three headers of RFC 9421 and RFC 9530."""
    digest = f"sha-256=:{_base64(hashlib.sha256(body).digest())}:"
    params = f'("@method" "@path" "content-digest");created={created};keyid="pairing";alg="hmac-sha256"'
    base = f'"@method": {method}\n"@path": {path}\n"content-digest": {digest}\n"@signature-params": {params}'
    signature = _base64(hmac.new(secret, base.encode(), "sha256").digest())
    return {"Content-Digest": digest, "Signature-Input": f"sig1={params}", "Signature": f"sig1=:{signature}:"}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


class Signer:
    """Makes the credentials of each request. `error` is the class of what it raises."""

    def __init__(self, settings: Settings, error: Raise) -> None:
        self.settings, self._error = settings, error
        self._token = CallerToken(settings.token_file, error) if settings.token_file else None

    def attempt(self, method: str, url: str, body: object) -> Attempt:
        """Returns the headers of a request to the signer, and its URL. Refuses every other URL."""
        url = self.locate(url)
        if not isinstance(body, bytes):
            raise self._error("the pairing signature covers the body, so it must be bytes or text, not a stream")
        token = self._token.read() if self._token else None
        secret = read_secret(self.settings.secret_file, self._error) if self.settings.secret_file else None
        # The signer answers in snake_case.
        headers = {"X-Json-Case": "snake"}
        if token:
            headers["Caller-Token"] = token
        if secret:
            headers.update(sign(secret, method, urlsplit(url).path or "/", body, int(time.time())))
        return Attempt(url, headers, token, secret)

    def locate(self, url: str) -> str:
        """Returns the URL to send to, which is at the signer. Raises if `url` is neither there nor at the usual address."""
        self.check(url, USUAL_ORIGIN)
        return urlsplit(url)._replace(netloc=urlsplit(self.settings.url).netloc).geturl()

    def check(self, url: str, *others: str) -> None:
        """Raises if `url` is neither the signer's nor at one of the other origins."""
        try:
            found = origin_of(url)
        except ValueError:
            found = "an invalid URL"
        if found not in (self.settings.origin, *others):
            hint = "Use this authentication only for the signer, or set SIGNER_URL"
            raise self._error(f"the request goes to {found}, and the signer is at {self.settings.origin}. {hint}")

    def has_others(self, used: Attempt, status: int) -> bool:
        """After an answer: says whether the request was refused, and there are other credentials now."""
        if status == 401 and self._token and used.token:
            return self._token.refuse(used.token)
        if status == 403 and used.secret and self.settings.secret_file:
            return read_secret(self.settings.secret_file, self._error) != used.secret
        return False


@lru_cache(maxsize=None)
def share_signer(settings: Settings, error: Type[SigningError]) -> Signer:
    """Returns the one signer for these settings, so that a SignerAuth for each request knows which token was refused."""
    return Signer(settings, error)
