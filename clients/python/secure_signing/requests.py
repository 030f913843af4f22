"""requests: SignerAuth for a single call, and signer_session() with a deadline, kept connections, and Unix sockets."""
from __future__ import annotations

import os
import socket
import time
from functools import partial
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple, Type, Union

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.utils import get_environ_proxies, select_proxy
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.util import Timeout

from . import _settings, _webhooks
from ._credentials import CREDENTIAL_HEADERS, Attempt, Signer, share_signer
from ._settings import TIMEOUT, USUAL_ORIGIN, read_settings
from ._webhooks import JSON_TYPE, Body, make_request, read_answer

__all__ = ["SignerAdapter", "SignerAuth", "SignerError", "SignerSession", "SigningError", "signer_session"]

#: How many connections are kept.
_POOL = 128


class SigningError(_settings.SigningError, requests.RequestException):
    """As secure_signing.SigningError. Code that handles the errors of requests handles it, too."""


class SignerError(_webhooks.SignerError, SigningError):
    """As secure_signing.SignerError. Code that handles the errors of requests handles it, too."""


class SignerAuth(AuthBase):
    """Use it as auth=SignerAuth(). Environment variables say where the signer and the credentials are."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        settings = read_settings(environment, SigningError)
        if settings.socket:
            raise SigningError("SIGNER_URL is a socket, which auth= cannot use. Send the request with signer_session()")
        self._signer = share_signer(settings, SigningError)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        used = _sign(self._signer, request)
        if select_proxy(used.url, get_environ_proxies(used.url)):
            raise SigningError(f"HTTP_PROXY takes {used.url} from the signer. Add its host to NO_PROXY, or use signer_session()")
        request.hooks["response"].append(partial(self._handle, used))
        return request

    def _handle(self, used: Attempt, response: requests.Response, **options: Any) -> requests.Response:
        # A redirect copies the headers of this request.
        _remove_credentials(response.request)
        if not self._signer.has_others(used, response.status_code):
            return response
        again = response.request.copy()
        _sign(self._signer, again)
        # Reads the whole answer, so that its connection is free again.
        response.content
        response.close()
        answer: requests.Response = response.connection.send(again, **options)
        _remove_credentials(again)
        answer.history.append(response)
        return answer


class SignerAdapter(HTTPAdapter):
    """
    Signs the requests of a session. `timeout` covers both attempts of a request, in seconds. The second one follows a refusal if
    there are other credentials, or a closed connection. That is safe, because signing twice does no harm.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ, timeout: float = TIMEOUT) -> None:
        self._signer = share_signer(read_settings(environment, SigningError), SigningError)
        self._timeout = timeout
        self._process = os.getpid()
        super().__init__(_POOL, _POOL)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        settings = self._signer.settings
        if settings.origin.startswith("http://localhost:"):
            # The proxy of the mesh listens there. Another container may listen on ::1.
            options["source_address"] = ("127.0.0.1", 0)
        super().init_poolmanager(connections, maxsize, block, **options)
        if settings.socket:
            self.poolmanager.pool_classes_by_scheme = {"http": _pool_at(settings.socket)}

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Union[None, float, Tuple[Optional[float], Optional[float]]] = None,
        *_: Any,
        **__: Any,
    ) -> requests.Response:
        """Sends a request without the proxies of the environment."""
        if os.getpid() != self._process:
            # After a fork: the connections belong to the parent.
            self._process = os.getpid()
            self.init_poolmanager(_POOL, _POOL)
        if isinstance(timeout, tuple):
            timeout = sum(part or 0 for part in timeout)
        deadline = time.monotonic() + (timeout or self._timeout)
        for is_last in (False, True):
            signed = request.copy()
            used = _sign(self._signer, signed)
            left: Any = Timeout(total=max(deadline - time.monotonic(), 0.001))
            try:
                response = super().send(signed, stream, left)
            except requests.ConnectionError:
                if is_last:
                    raise
                continue
            response.request = request
            if is_last or not self._signer.has_others(used, response.status_code):
                break
            response.content
            response.close()
        return response


class SignerSession(requests.Session):
    """A session that signs its requests to the signer. Requests to other URLs carry no credentials."""

    def __init__(self, environment: Mapping[str, str] = os.environ, timeout: float = TIMEOUT) -> None:
        super().__init__()
        adapter = SignerAdapter(environment, timeout)
        settings = read_settings(environment, SigningError)
        self._signer_url, origin = settings.url, settings.origin
        # requests compares the text of URLs, with and without the default port.
        for prefix in {USUAL_ORIGIN, origin, origin[:-3] if origin.endswith(":80") else origin}:
            self.mount(prefix + "/", adapter)

    def sign_webhook(
        self,
        body: Body,
        *,
        consumer: Optional[str] = None,
        id: Optional[str] = None,
        consumer_versions: Optional[Sequence[int]] = None,
        key_id: Optional[str] = None,
    ) -> Dict[str, str]:
        """Returns the three headers of Standard Webhooks to send with `body`. Raises SignerError if the signer refuses."""
        content = make_request(body, consumer, id, consumer_versions, key_id)
        answer = self.post(self._signer_url, data=content, headers=JSON_TYPE, allow_redirects=False)
        return read_answer(answer.status_code, answer.headers, answer.content, id, SignerError)


def signer_session(environment: Mapping[str, str] = os.environ, timeout: float = TIMEOUT) -> SignerSession:
    """Makes a session that signs its requests to the signer. `timeout` is the deadline of a request, in seconds."""
    return SignerSession(environment, timeout)


def _sign(signer: Signer, request: requests.PreparedRequest) -> Attempt:
    """Adds the credentials and the address, and turns the body into the bytes that they cover."""
    body = request.body.encode() if isinstance(request.body, str) else request.body
    used = signer.attempt(request.method or "GET", request.url or "", b"" if body is None else body)
    request.url = used.url
    if body is not None:
        request.body = body
        request.prepare_content_length(body)
    request.headers.update(used.headers)
    return used


def _remove_credentials(request: requests.PreparedRequest) -> None:
    for name in CREDENTIAL_HEADERS:
        request.headers.pop(name, None)


def _pool_at(path: str) -> Type[HTTPConnectionPool]:
    class Connection(HTTPConnection):
        def connect(self) -> None:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(self.timeout)
            self.sock.connect(path)

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    return Pool
