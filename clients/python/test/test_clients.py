"""What all five ways to call the signer do, and what only some of them do."""
import asyncio
import importlib
import logging
import os
import socket
import ssl
import sys
import threading
import time
import unittest
from unittest import mock

import httpx
import requests

import secure_signing.httpx
import secure_signing.requests
from secure_signing import SigningError
from support import SignerTest

NAMES = ["caller-token", "content-digest", "signature-input", "signature"]


class Way:
    """A way to call the signer. `post` returns the response."""

    #: What an error is, in the library.
    library_error = requests.RequestException

    def use(self):
        """Makes what is kept between requests."""


class RequestsAuth(Way):
    def post(self, url=None, **options):
        auth = secure_signing.requests.SignerAuth(self.environment)
        return requests.post(url or self.server.url, auth=auth, timeout=5, **{"json": {}, **options})


class RequestsSession(Way):
    def use(self, timeout=5):
        self.session = secure_signing.requests.signer_session(self.environment, timeout)
        self.addCleanup(self.session.close)

    def post(self, url=None, **options):
        return self.session.post(url or self.server.url, **{"json": {}, **options})


class HttpxAuth(Way):
    library_error = httpx.RequestError

    def use(self):
        self.client = httpx.Client(follow_redirects=True, timeout=5, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self.addCleanup(self.client.close)

    def post(self, url=None, **options):
        auth = secure_signing.httpx.SignerAuth(self.environment)
        return self.client.post(url or self.server.url, auth=auth, **{"json": {}, **options})


class HttpxClient(Way):
    library_error = httpx.RequestError

    def use(self, timeout=5):
        self.client = secure_signing.httpx.signer_client(self.environment, timeout)
        self.addCleanup(self.client.close)

    def post(self, url=None, **options):
        return self.client.post(url or self.server.url, follow_redirects=True, **{"json": {}, **options})


class HttpxAsyncClient(Way):
    library_error = httpx.RequestError

    def use(self, timeout=5):
        self.timeout = timeout

    def post(self, url=None, **options):
        async def send():
            async with secure_signing.httpx.async_signer_client(self.environment, self.timeout) as client:
                return await client.post(url or self.server.url, follow_redirects=True, **{"json": {}, **options})

        return asyncio.run(send())


class Common(SignerTest):
    """Runs once for each way."""

    def setUp(self):
        super().setUp()
        self.use()

    def test_sends_a_request_that_the_mesh_and_the_signer_accept(self):
        response = self.post(json={"message": "Grüße"})
        self.assertEqual((response.status_code, response.json()), (200, {"key_id": "a"}))
        (received,) = self.server.received
        self.assertEqual((received.method, received.path), ("POST", "/sign"))
        self.assertEqual(received.headers["x-json-case"], "snake")
        self.assertEqual(received.headers["content-type"], "application/json")

    def test_sends_a_renewed_token_and_secret_at_once(self):
        self.post()
        self.server.tokens, self.server.secrets = [self.write_token(name="new")], [self.write_secret()]
        self.assertEqual(self.post().status_code, 200)
        self.assertEqual(len(self.server.received), 2)

    def test_goes_on_with_the_token_before_while_the_mesh_refuses_the_new_one(self):
        self.post()
        self.write_token(name="new")
        self.assertEqual([self.post().status_code, self.post().status_code], [200, 200])
        # The first of these takes two attempts.
        self.assertEqual(len(self.server.received), 4)

    def test_returns_to_the_new_token_when_the_mesh_refuses_the_one_before(self):
        self.post()
        new = self.write_token(name="new")
        self.post()
        self.server.tokens = [new]
        self.assertEqual([self.post().status_code, self.post().status_code], [200, 200])
        self.assertEqual(len(self.server.received), 6)

    def test_signs_again_if_the_signer_has_restarted_meanwhile(self):
        def restart(_):
            self.server.script = lambda request: (200, {})
            self.server.secrets = [self.write_secret()]
            return 403, {}

        self.server.script = restart
        self.assertEqual(self.post(json={"message": "a"}).status_code, 200)
        self.assertEqual(len(self.server.received), 2)

    def test_sends_a_refused_request_once_without_other_credentials(self):
        for status in (401, 403, 500, 503):
            with self.subTest(status):
                self.server.received.clear()
                self.server.script = lambda request: (status, {})
                self.assertEqual(self.post().status_code, status)
                self.assertEqual(len(self.server.received), 1)

    def test_sends_a_request_twice_at_most(self):
        def renew(_):
            self.server.secrets = [self.write_secret()]
            return 403, {}

        self.server.script = renew
        self.assertEqual(self.post().status_code, 403)
        self.assertEqual(len(self.server.received), 2)

    def test_sends_nothing_without_a_valid_token_and_secret(self):
        cases = {
            "cannot be read: No such file": lambda: (self.folder / "secret").unlink(),
            "has expired": lambda: self.write_token(seconds=0),
            "is empty": lambda: self.write("token", b""),
            "is not a JWT": lambda: self.write("token", b"hunter2"),
            "CALLER_TOKEN_FILE.*cannot be read: No such file": lambda: (self.folder / "token").unlink(),
        }
        for reason, break_it in cases.items():
            break_it()
            with self.subTest(reason), self.assertRaisesRegex(SigningError, reason) as caught:
                self.post()
            self.assertIsInstance(caught.exception, self.library_error)
            self.assertNotIn("hunter2", str(caught.exception))
        self.assertEqual(self.server.received, [])

    def test_works_without_a_token_and_without_pairing(self):
        self.server.tokens = self.server.secrets = None
        for name, absent in (("CALLER_TOKEN_FILE", NAMES[:1]), ("PAIRING_SECRET_FILE", NAMES[1:])):
            with self.subTest(name), mock.patch.dict(self.environment, {name: "none"}):
                self.use()
                self.assertEqual(self.post().status_code, 200)
                sent = [name for name in NAMES if name in self.server.received[-1].headers]
                self.assertEqual(sorted(sent + absent), sorted(NAMES))

    def test_refuses_invalid_settings_and_names_each(self):
        self.environment.update(SIGNER_URL="https://localhost/sign", CALLER_TOKEN_FILE="token")
        with self.assertRaisesRegex(SigningError, "CALLER_TOKEN_FILE must.*SIGNER_URL must") as caught:
            self.use()
            self.post()
        self.assertIsInstance(caught.exception, self.library_error)

    def test_keeps_the_credentials_from_the_target_of_a_redirect(self):
        other = self.serve()
        for status in (302, 307):
            with self.subTest(status):
                self.server.script = lambda _: (status, {"location": other.url})
                try:
                    self.post()
                except SigningError as error:
                    self.assertRegex(str(error), "the request goes to http://127.0.0.1:")
                for received in other.received:
                    self.assertEqual([name for name in NAMES if name in received.headers], [])

    def test_keeps_the_credentials_from_every_other_url(self):
        other = self.serve()
        try:
            self.post(other.url)
        except SigningError as error:
            self.assertRegex(str(error), f"the request goes to .*, and the signer is at .* or set SIGNER_URL$")
        for received in other.received:
            self.assertEqual([name for name in NAMES if name in received.headers], [])

    def test_sends_a_request_for_the_usual_address_to_the_signer(self):
        self.assertEqual(self.post("http://localhost:8081/sign/batch?a=b").status_code, 200)
        (received,) = self.server.received
        self.assertEqual(received.path, "/sign/batch?a=b")
        self.assertIn(f"//{received.headers['host']}/", self.server.url)

    def test_keeps_the_credentials_from_a_redirect_to_the_usual_address(self):
        other = self.serve()
        with mock.patch("secure_signing._credentials.USUAL_ORIGIN", other.url[: -len("/sign")]):
            self.server.script = lambda _: (307, {"location": other.url})
            try:
                self.post()
            except SigningError as error:
                self.assertRegex(str(error), "the request goes to")
        for received in other.received:
            self.assertEqual([name for name in NAMES if name in received.headers], [])

    def test_keeps_the_credentials_from_a_proxy_of_the_environment(self):
        proxy = self.serve()
        with mock.patch.dict(os.environ, {"HTTP_PROXY": proxy.url, "http_proxy": proxy.url}):
            self.use()
            try:
                self.post()
            except SigningError as error:
                self.assertRegex(str(error), "HTTP_PROXY|the request goes to http://127.0.0.1:")
        self.assertEqual(proxy.received, [])

    def test_leaves_no_credential_in_the_response_or_the_log(self):
        lines = []
        handler = logging.Handler()
        handler.emit = lambda record: lines.append(record.getMessage())
        logging.root.addHandler(handler)
        self.addCleanup(logging.root.removeHandler, handler)
        self.addCleanup(logging.root.setLevel, logging.root.level)
        logging.root.setLevel(logging.DEBUG)
        responses = [self.post()]
        # The next takes a second attempt.
        self.write_token(name="new")
        responses.append(self.post())
        for response in responses + responses[1].history:
            self.assertEqual([name for name in NAMES if name in response.request.headers], [])
        token, signature = (self.server.received[0].headers[name] for name in ("caller-token", "signature"))
        self.assertTrue(lines)
        for secret in (token, signature):
            self.assertNotIn(secret, "\n".join(lines))

    def test_covers_the_path_without_the_query(self):
        self.assertEqual(self.post(f"{self.server.url}/batch?a=b").status_code, 200)

    def test_signs_a_request_without_a_body(self):
        self.assertEqual(self.post(json=None).status_code, 200)

    def test_threads_share_it_while_token_and_secret_change(self):
        statuses = [self.post().status_code]
        is_over = threading.Event()

        def send():
            while not is_over.is_set():
                statuses.append(self.post().status_code)

        def wait_for_more():
            seen, end = len(statuses), time.monotonic() + 10
            while len(statuses) < seen + 12:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.01)

        self.addCleanup(is_over.set)
        threads = [threading.Thread(target=send, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        wait_for_more()
        # The mesh refuses this token.
        self.write_token(name="new")
        wait_for_more()
        new = os.urandom(32)
        self.server.secrets.append(new)
        self.write("secret", new)
        self.server.secrets = [new]
        wait_for_more()
        is_over.set()
        for thread in threads:
            thread.join()
        self.assertEqual(set(statuses), {200})

    def test_works_in_a_fork(self):
        self.post()
        child = os.fork()
        if child == 0:
            try:
                os._exit(self.post().status_code - 200)
            except BaseException:
                os._exit(1)
        self.assertEqual(self.post().status_code, 200)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(self.post().status_code, 200)
        self.assertEqual(len(self.server.received), 4)


class Kept:
    """For the ways that keep connections and have a deadline."""

    def at_socket(self):
        path = str(self.folder / "signer.sock")
        server = self.serve(path)
        server.secrets = self.server.secrets
        self.environment.update(SIGNER_URL=f"unix:{path}:/sign", CALLER_TOKEN_FILE="none")
        self.use()
        return server

    def test_calls_the_socket(self):
        server = self.at_socket()
        for _ in range(2):
            self.assertEqual(self.post("http://localhost:8081/sign").status_code, 200)
        self.assertEqual([each.headers["host"] for each in server.received], ["localhost:8081"] * 2)
        self.assertNotIn("caller-token", server.received[0].headers)
        self.assertEqual(self.server.received, [])

    def test_says_that_nothing_listens_at_the_socket(self):
        self.at_socket().close()
        os.unlink(self.folder / "signer.sock")
        with self.assertRaisesRegex(self.library_error, "No such file"):
            self.post("http://localhost:8081/sign")

    def test_has_a_deadline(self):
        is_over = threading.Event()
        self.addCleanup(is_over.set)
        self.server.script = lambda _: (is_over.wait(4), (200, {}))[1]
        self.use(timeout=0.2)
        start = time.monotonic()
        with self.assertRaises((requests.Timeout, httpx.TimeoutException)):
            self.post()
        self.assertLess(time.monotonic() - start, 2)
        self.assertEqual(len(self.server.received), 1)

    def test_takes_another_deadline_for_one_request(self):
        self.server.script = lambda _: (time.sleep(0.4), (200, {}))[1]
        self.use(timeout=0.1)
        self.assertEqual(self.post(timeout=5).status_code, 200)

    def test_connects_to_127_0_0_1_for_localhost(self):
        port = self.server.url.rpartition(":")[2].partition("/")[0]
        other = self.serve(("::1", int(port)))
        url = self.server.url.replace("127.0.0.1", "localhost")
        self.environment["SIGNER_URL"] = url
        self.use()
        resolve = socket.getaddrinfo

        def find_both(host, port, family=0, *options, **others):
            names = ["::1", "127.0.0.1"] if host in ("localhost", b"localhost") else [host]
            names = [name for name in names if family == 0 or (family == socket.AF_INET6) == (name == "::1")]
            return [found for name in names for found in resolve(name, port, family, *options, **others)]

        with mock.patch("socket.getaddrinfo", find_both):
            self.assertEqual(self.post(url).status_code, 200)
        self.assertEqual(other.received, [])

    def test_sends_again_if_a_connection_is_closed(self):
        def close(request):
            if len(self.server.received) < 2:
                request.close()
            return 200, {}

        self.server.script = close
        self.assertEqual(self.post().status_code, 200)
        self.assertEqual(len(self.server.received), 2)


class OfRequests:
    def test_refuses_a_body_that_it_cannot_sign(self):
        with self.assertRaisesRegex(SigningError, "must be bytes or text, not a stream"):
            self.post(json=None, data=iter([b"a"]))
        self.assertEqual(self.server.received, [])

    def test_signs_text_as_utf8(self):
        self.assertEqual(self.post(json=None, data="Grüße").status_code, 200)
        self.assertEqual(self.server.received[0].body, "Grüße".encode())


class TestRequestsAuth(RequestsAuth, OfRequests, Common):
    def test_names_the_session_for_a_socket(self):
        self.environment.update(SIGNER_URL="unix:/s:/sign", CALLER_TOKEN_FILE="none")
        with self.assertRaisesRegex(SigningError, "is a socket.*signer_session"):
            self.post()


class TestRequestsSession(RequestsSession, Kept, OfRequests, Common):
    def test_a_fork_has_connections_of_its_own(self):
        self.test_works_in_a_fork()
        ports = [each.port for each in self.server.received]
        self.assertEqual(sorted(ports.count(each) for each in set(ports)), [1, 3])

    def test_takes_urls_with_and_without_the_default_port(self):
        self.environment["SIGNER_URL"] = "http://signer/sign"
        self.use()
        for url in ("http://localhost:8081/sign", "http://signer/sign", "http://signer:80/sign", "http://SIGNER/sign"):
            self.assertIsInstance(self.session.get_adapter(url), secure_signing.requests.SignerAdapter)
        for url in ("http://signer.example/sign", "http://signer:8080/sign", "https://signer/sign"):
            self.assertNotIsInstance(self.session.get_adapter(url), secure_signing.requests.SignerAdapter)

    def test_takes_the_deadline_of_requests_with_two_parts(self):
        self.use(timeout=0.1)
        self.server.script = lambda _: (time.sleep(0.3), (200, {}))[1]
        self.assertEqual(self.post(timeout=(2, 3)).status_code, 200)

    def test_the_deadline_covers_both_attempts(self):
        def wait(_):
            time.sleep(0.8)
            self.server.secrets = [self.write_secret()]
            return 403, {}

        self.use(timeout=1)
        self.server.script = wait
        start = time.monotonic()
        with self.assertRaises(requests.Timeout):
            self.post()
        self.assertLess(time.monotonic() - start, 1.6)


class TestHttpxAuth(HttpxAuth, Common):
    test_works_in_a_fork = None  # A client belongs to one process.

    def test_reads_a_stream(self):
        self.assertEqual(self.post(json=None, content=iter([b"a", b"b"])).status_code, 200)

    def test_names_the_client_for_a_socket(self):
        self.environment.update(SIGNER_URL="unix:/s:/sign", CALLER_TOKEN_FILE="none")
        with self.assertRaisesRegex(SigningError, "is a socket.*signer_client"):
            self.post()


class TestHttpxClient(HttpxClient, Kept, Common):
    test_works_in_a_fork = None  # A client belongs to one process.


class TestHttpxAsyncClient(HttpxAsyncClient, Kept, Common):
    def test_reads_a_stream(self):
        async def stream():
            yield b"a"
            yield b"b"

        self.assertEqual(self.post(json=None, content=stream()).status_code, 200)


class TestDefaults(unittest.TestCase):
    def test_the_deadline_is_the_one_of_the_other_clients(self):
        session = secure_signing.requests.signer_session({})
        self.assertEqual(session.get_adapter("http://localhost:8081/sign")._timeout, 0.9)
        with secure_signing.httpx.signer_client({}) as client:
            self.assertEqual(client.timeout, httpx.Timeout(0.9))
        self.assertEqual(secure_signing.httpx.async_signer_client({}).timeout, httpx.Timeout(0.9))


class TestImport(unittest.TestCase):
    def test_needs_only_the_library_that_it_is_for(self):
        for name, other in (("requests", "httpx"), ("httpx", "requests")):
            with mock.patch.dict(sys.modules):
                for each in [each for each in sys.modules if each.startswith("secure_signing")]:
                    del sys.modules[each]
                sys.modules[other] = None
                importlib.import_module(f"secure_signing.{name}")
                with self.assertRaises(ImportError):
                    importlib.import_module(f"secure_signing.{other}")


del Common, SignerTest

