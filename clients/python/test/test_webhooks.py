"""How each session and client asks for the headers of a webhook."""
import asyncio
import base64
import itertools
import json
import pickle
import unittest

import httpx
import requests

import secure_signing.httpx
import secure_signing.requests
from secure_signing import SignerError, SigningError
from support import SignerTest
from test_vectors import make_body, vectors

MAC = "v1," + "Az0+/" * 8 + "abc="
HEADERS = {"webhook-id": "msg_1", "webhook-timestamp": "1764445000", "webhook-signature": f"{MAC} {MAC}"}
#: Values that no client passes on.
MALFORMED = {
    "webhook-id": ("", "msg.1", "msg 1", "msg_ü", "a" * 129, "msg_1\n"),
    "webhook-timestamp": ("", "-1", "1764445000.5", "٣", "1764445000\n"),
    "webhook-signature": (
        *("", MAC[3:], f"v2,{MAC[3:]}", MAC[:-5], f"v1,-{MAC[4:]}", f"{MAC}  {MAC}", f"{MAC} ", f"{MAC},{MAC}"),
        *(f"{MAC}\n", f"{MAC}\r\na: b"),
    ),
}
PROBLEM = {"type": "about:blank", "title": "Refused", "detail": "it is wrong", "request_id": "id-1"}


def answer(status, body, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda _: (status, headers, content)


class Webhooks:
    def setUp(self):
        super().setUp()
        self.server.script = answer(200, {"headers": HEADERS, "key_ids": ["webhook-1"]})

    def ask(self, *args, **options):
        """Returns what the signer received."""
        self.server.received.clear()
        self.assertEqual(self.sign(*args, **options), HEADERS)
        (received,) = self.server.received
        self.assertEqual((received.method, received.path), ("POST", "/sign"))
        self.assertEqual(received.headers["content-type"], "application/json")
        return json.loads(received.body)

    def refuse(self, script):
        self.server.script = script
        with self.assertRaises(SignerError) as caught:
            self.sign(b"{}")
        self.assertIsInstance(caught.exception, self.library_error)
        return caught.exception

    def test_sends_only_the_options_that_are_given(self):
        self.assertEqual(self.ask(b"{}"), {"body": "{}"})
        options = {"consumer": "acme", "id": "msg_1", "consumer_versions": [2, 1], "key_id": "webhook-1"}
        self.assertEqual(self.ask("Grüße", **options), {"body": "Grüße", **options})

    def test_sends_options_that_are_empty_so_that_the_signer_refuses_them(self):
        self.server.script = answer(400, {**PROBLEM, "code": "invalid_request", "field": "id"})
        options = {"consumer": "", "id": "", "consumer_versions": [], "key_id": ""}
        with self.assertRaises(SignerError):
            self.sign(b"{}", **options)
        self.assertEqual(json.loads(self.server.received[0].body), {"body": "{}", **options})

    def test_passes_on_the_headers_of_no_other_webhook(self):
        for id in ("msg_2", "msg", ""):
            with self.assertRaises(SignerError) as caught:
                self.sign(b"{}", id=id)
            self.assertEqual((caught.exception.code, caught.exception.permanent), ("signer_unavailable", False))

    def test_sends_the_bytes_of_every_body(self):
        kinds = itertools.cycle((bytes, bytearray, memoryview))
        for case in [each["body"] for each in vectors["webhooks"]["signatures"]]:
            with self.subTest(case):
                body = make_body(case)
                sent = self.ask(next(kinds)(body))
                self.assertEqual(sent.get("encoding"), "base64" if "base64" in case else None)
                self.assertEqual(base64.b64decode(sent["body"]) if "encoding" in sent else sent["body"].encode(), body)

    def test_does_not_lengthen_a_body_by_escapes(self):
        self.ask("é" * 100)
        self.assertLess(len(self.server.received[0].body), 250)

    def test_takes_no_object_that_is_not_serialized(self):
        for body in ({"a": 1}, None, 5, [b"a"]):
            with self.assertRaisesRegex(TypeError, "^body must be bytes or text, not .* send the same bytes$"):
                self.sign(body)
        with self.assertRaises(UnicodeEncodeError):
            self.sign("\ud800")
        self.assertEqual(self.server.received, [])

    def test_says_what_the_signer_refused_for_good(self):
        cases = [(400, "invalid_request", each) for each in ("id", "consumer", "consumer_versions.0")]
        for status, code, field in [(400, "ambiguous_body", "body"), (413, "payload_too_large", None), *cases]:
            error = self.refuse(answer(status, {**PROBLEM, "code": code, "field": field}))
            self.assertEqual(str(error), f"the signer answered {status} {code}: it is wrong")
            self.assertEqual((error.code, error.status, error.field, error.request_id), (code, status, field, "id-1"))
            self.assertEqual((error.permanent, error.retry_after), (True, None))

    def test_keeps_a_webhook_while_the_signer_has_no_key_for_it(self):
        for field in ("key_id", None):
            error = self.refuse(answer(400, {**PROBLEM, "code": "invalid_request", "field": field}))
            self.assertEqual((error.code, error.permanent), ("invalid_request", False))

    def test_says_when_another_attempt_may_succeed(self):
        for status, code, headers, seconds in (
            (429, "rate_limited", {"retry-after": "7"}, 7),
            (503, "key_unavailable", {"retry-after": "1"}, 1),
            (503, "frozen", {}, None),
            (403, "pairing_refused", {}, None),
            (500, "internal", {"retry-after": "soon"}, None),
        ):
            error = self.refuse(answer(status, {**PROBLEM, "code": code}, **headers))
            self.assertEqual((error.code, error.permanent, error.retry_after), (code, False, seconds))

    def test_names_a_signer_of_an_earlier_version(self):
        error = self.refuse(answer(400, {**PROBLEM, "code": "invalid_request", "field": "message"}))
        self.assertRegex(str(error), "^this signer does not know webhooks. Deploy version 0.2 of it, or a later one$")
        self.assertEqual((error.code, error.permanent), ("invalid_request", False))

    def test_quotes_an_answer_that_is_not_the_signers(self):
        cases = [(403, b"RBAC: access denied"), (503, b""), (200, b"hello"), (200, {}), (200, {"headers": None}), (200, b"[1]")]
        cases += [(200, {"headers": {**HEADERS, name: other}}) for name in HEADERS for other in (None, 1)]
        cases += [(200, {"headers": {**HEADERS, name: each}}) for name, values in MALFORMED.items() for each in values]
        cases += [(200, b"[" * 100_000), (403, {"code": 1})]
        for status, body in cases:
            with self.subTest(str(body)[:80]):
                error = self.refuse(answer(status, body))
                self.assertRegex(str(error), f"^not the signer's answer .* has status {status} and begins: '")
                self.assertEqual((error.code, error.status, error.permanent), ("signer_unavailable", status, False))
        self.assertRegex(str(self.refuse(answer(403, b"RBAC: access denied"))), "begins: 'RBAC: access denied'$")

    def test_sends_the_body_to_no_target_of_a_redirect(self):
        other = self.serve()
        for status in (302, 307):
            self.assertEqual(self.refuse(answer(status, b"", location=other.url)).status, status)
        self.assertEqual(other.received, [])

    def test_raises_an_error_of_the_library_if_nothing_listens(self):
        self.server.close()
        with self.assertRaises(self.library_error) as caught:
            self.sign(b"{}")
        self.assertNotIsInstance(caught.exception, SigningError)

    def test_an_error_travels_between_processes(self):
        error = self.refuse(answer(429, {**PROBLEM, "code": "rate_limited"}, **{"retry-after": "7"}))
        copy = pickle.loads(pickle.dumps(error))
        self.assertEqual((str(copy), copy.code, copy.retry_after), (str(error), "rate_limited", 7))

    def test_calls_the_address_and_the_path_of_the_setting(self):
        self.environment["SIGNER_URL"] = self.server.url.replace("/sign", "/v1/sign")
        self.sign(b"{}")
        self.assertEqual(self.server.received[0].path, "/v1/sign")

    def test_calls_the_socket(self):
        path = str(self.folder / "signer.sock")
        server = self.serve(path)
        server.script, server.secrets = self.server.script, self.server.secrets
        self.environment.update(SIGNER_URL=f"unix:{path}:/sign", CALLER_TOKEN_FILE="none")
        self.assertEqual(self.sign(b"{}"), HEADERS)
        self.assertEqual(len(server.received), 1)


class TestRequests(Webhooks, SignerTest):
    library_error = requests.RequestException

    def sign(self, *args, **options):
        with secure_signing.requests.signer_session(self.environment, 5) as session:
            return session.sign_webhook(*args, **options)


class TestHttpx(Webhooks, SignerTest):
    library_error = httpx.RequestError

    def sign(self, *args, **options):
        with secure_signing.httpx.signer_client(self.environment, 5) as client:
            return client.sign_webhook(*args, **options)


class TestAsyncHttpx(Webhooks, SignerTest):
    library_error = httpx.RequestError

    def sign(self, *args, **options):
        async def send():
            async with secure_signing.httpx.async_signer_client(self.environment, 5) as client:
                return await client.sign_webhook(*args, **options)

        return asyncio.run(send())


del SignerTest
