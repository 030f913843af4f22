"""The three settings that all clients share."""
from __future__ import annotations

import re
from typing import Callable, Mapping, NamedTuple, Optional
from urllib.parse import urlsplit

#: Where applications call the signer, wherever SIGNER_URL says that it is.
USUAL_ORIGIN = "http://localhost:8081"
#: Seconds for a request with all attempts, as in the other clients.
TIMEOUT = 0.9

_OVER_SOCKET = re.compile(r"unix:((?:/[\w.-]+)+):((?:/[\w.-]+)+)", re.ASCII)
_OVER_HTTP = re.compile(r"http://(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?(/[^?#\s]*)?", re.ASCII | re.IGNORECASE)


class SigningError(Exception):
    """A setting or a credential is invalid, or a request would carry credentials to somebody else than the signer."""


class Settings(NamedTuple):
    #: At a socket, this is the usual one.
    url: str
    #: The signer's Unix socket, or None to connect to the host in `url`.
    socket: Optional[str]
    token_file: Optional[str]
    secret_file: Optional[str]

    @property
    def origin(self) -> str:
        return origin_of(self.url)


def origin_of(url: str) -> str:
    """Returns scheme, host and port. Raises ValueError for an invalid port."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{parts.port or 80}"


def read_settings(environment: Mapping[str, str], error: Callable[[str], SigningError] = SigningError) -> Settings:
    """Reads SIGNER_URL, CALLER_TOKEN_FILE and PAIRING_SECRET_FILE. Raises one error that names every invalid variable."""
    problems = []
    files = {"CALLER_TOKEN_FILE": "/run/identity/token", "PAIRING_SECRET_FILE": "/run/pairing/secret"}
    for name, default in files.items():
        files[name] = environment.get(name, default)
        if files[name] != "none" and not files[name].startswith("/"):
            problems.append(f"{name} must be an absolute path, or the word none")
    url = environment.get("SIGNER_URL", USUAL_ORIGIN + "/sign")
    socket = _OVER_SOCKET.fullmatch(url)
    if socket:
        url = USUAL_ORIGIN + socket[2]
        # No mesh checks a token there, so pairing is the only control.
        if files["CALLER_TOKEN_FILE"] != "none":
            problems.append("CALLER_TOKEN_FILE must be none if SIGNER_URL is a socket")
        if files["PAIRING_SECRET_FILE"] == "none":
            problems.append("PAIRING_SECRET_FILE must be set if SIGNER_URL is a socket")
    elif not _OVER_HTTP.fullmatch(url):
        problems.append("SIGNER_URL must be an http: URL without user, query or fragment, or unix:/socket:/path")
    if problems:
        raise error("; ".join(problems))
    token, secret = (None if file == "none" else file for file in files.values())
    return Settings(url, socket[1] if socket else None, token, secret)
