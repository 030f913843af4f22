"""httpx: SignerAuth for any client, and clients with a deadline and Unix sockets."""
from __future__ import annotations

import os
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from typing import Any, AsyncGenerator, Callable, Dict, Generator, Mapping, Optional, Sequence

import httpx

from . import _settings, _webhooks
from ._credentials import CREDENTIAL_HEADERS, Attempt, share_signer
from ._settings import TIMEOUT, Settings, read_settings
from ._webhooks import JSON_TYPE, Body, make_request, read_answer

__all__ = [
    "AsyncSignerClient",
    "SignerAuth",
    "SignerClient",
    "SignerError",
    "SigningError",
    "async_signer_client",
    "signer_client",
]

_BROKEN = (httpx.NetworkError, httpx.RemoteProtocolError)
Flow = Generator[httpx.Request, httpx.Response, None]


class SigningError(_settings.SigningError, httpx.RequestError):
    """As secure_signing.SigningError. Code that handles the errors of httpx handles it, too."""


class SignerError(_webhooks.SignerError, SigningError):
    """As secure_signing.SignerError. Code that handles the errors of httpx handles it, too."""


class SignerAuth(httpx.Auth):
    """Use it as auth=SignerAuth(). Environment variables say where the signer and the credentials are."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        settings = read_settings(environment, SigningError)
        if settings.socket:
            raise SigningError("SIGNER_URL is a socket, which auth= cannot use. Send the request with signer_client()")
        self._use(settings)

    def _use(self, settings: Settings) -> None:
        self._signer = share_signer(settings, SigningError)

    def sync_auth_flow(self, request: httpx.Request) -> Flow:
        request.read()
        yield from self._attempts(request, self._check)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        await request.aread()

        async def check(event: str, info: Mapping[str, Any]) -> None:
            self._check(event, info)

        attempts = self._attempts(request, check)
        try:
            request = next(attempts)
            while True:
                request = attempts.send((yield request))
        except StopIteration:
            pass
        finally:
            attempts.close()

    def _attempts(self, request: httpx.Request, check: Callable[[str, Mapping[str, Any]], Any]) -> Flow:
        request.extensions = {**request.extensions, "trace": check}
        try:
            used = self._sign(request)
            response = yield request
            if self._signer.has_others(used, response.status_code):
                self._sign(request)
                yield request
        finally:
            for name in CREDENTIAL_HEADERS:
                request.headers.pop(name, None)

    def _sign(self, request: httpx.Request) -> Attempt:
        used = self._signer.attempt(request.method, str(request.url), request.content)
        request.url = httpx.URL(used.url)
        request.headers.update({**used.headers, "Host": request.url.netloc.decode()})
        return used

    def _check(self, event: str, info: Mapping[str, Any]) -> None:
        """httpcore calls this before it sends headers. A redirect or a proxy of the environment may have changed the host."""
        if event.endswith("send_request_headers.started"):
            url = info["request"].url
            self._signer.check(f"{url.scheme.decode()}://{url.host.decode()}:{url.port or 80}")


class _ClientAuth(SignerAuth):
    """For a client whose transport is at the signer's socket."""

    def __init__(self, settings: Settings) -> None:
        self._use(settings)


class _Transport(httpx.HTTPTransport):
    """Sends a request again after a closed connection. That is safe, because signing twice does no harm."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return super().handle_request(request)
        except _BROKEN:
            return super().handle_request(request)


class _AsyncTransport(httpx.AsyncHTTPTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except _BROKEN:
            return await super().handle_async_request(request)


class SignerClient(httpx.Client):
    """Calls only the signer."""

    def __init__(self, environment: Mapping[str, str] = os.environ, timeout: float = TIMEOUT) -> None:
        settings = read_settings(environment, SigningError)
        self._signer_url = settings.url
        super().__init__(auth=_ClientAuth(settings), transport=_Transport(**_connect(settings)), timeout=timeout)

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
        answer = self.post(self._signer_url, content=content, headers=JSON_TYPE, follow_redirects=False)
        return read_answer(answer.status_code, answer.headers, answer.content, id, SignerError)


class AsyncSignerClient(httpx.AsyncClient):
    """As `SignerClient`, for asyncio."""

    def __init__(self, environment: Mapping[str, str] = os.environ, timeout: float = TIMEOUT) -> None:
        settings = read_settings(environment, SigningError)
        self._signer_url = settings.url
        super().__init__(auth=_ClientAuth(settings), transport=_AsyncTransport(**_connect(settings)), timeout=timeout)

    async def sign_webhook(
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
        answer = await self.post(self._signer_url, content=content, headers=JSON_TYPE, follow_redirects=False)
        return read_answer(answer.status_code, answer.headers, answer.content, id, SignerError)


def signer_client(environment: Mapping[str, str] = os.environ, timeout: float = TIMEOUT) -> SignerClient:
    """Makes a client that calls only the signer. `timeout` covers each step of a request, in seconds."""
    return SignerClient(environment, timeout)


def async_signer_client(environment: Mapping[str, str] = os.environ, timeout: float = TIMEOUT) -> AsyncSignerClient:
    """As `signer_client`, for asyncio."""
    return AsyncSignerClient(environment, timeout)


def _connect(settings: Settings) -> Dict[str, Any]:
    # The proxy of the mesh listens on 127.0.0.1. Another container may listen on ::1.
    is_local = settings.origin.startswith("http://localhost:")
    address = "127.0.0.1" if is_local else None
    # The signer speaks no TLS, so no certificates are loaded.
    return {"uds": settings.socket, "local_address": address, "verify": SSLContext(PROTOCOL_TLS_CLIENT)}
