"""The vectors that all clients share."""
import base64
import json
import tempfile
import unittest
from pathlib import Path

from secure_signing import SigningError
from secure_signing._credentials import CallerToken, read_secret, sign
from secure_signing._settings import read_settings

vectors = json.loads((Path(__file__).parents[2] / "vectors.json").read_text("utf-8"))


def make_body(body):
    if "base64" in body:
        return base64.b64decode(body["base64"])
    if "text" in body:
        return body["text"].encode()
    return (body["before"] + body["repeat"] * body["times"] + body["after"]).encode()


class Vectors(unittest.TestCase):
    def each(self, cases):
        for case in cases:
            with self.subTest(case["title"] if "title" in case else case):
                yield case

    def write(self, content):
        file = tempfile.NamedTemporaryFile()
        self.addCleanup(file.close)
        file.write(content)
        file.flush()
        return file.name

    def test_signatures(self):
        for case in self.each(vectors["signatures"]):
            secret = read_secret(self.write(bytes.fromhex(case["secret"])))
            body = make_body(case["body"])
            self.assertEqual(sign(secret, case["method"], case["path"], body, case["created"]), case["headers"])

    def test_valid_tokens(self):
        for case in self.each(vectors["tokens"]["valid"]):
            file = self.write(case["file"].encode())
            self.assertEqual(CallerToken(file, now=lambda: case["exp"] - 0.1).read(), case["token"])
            with self.assertRaisesRegex(SigningError, "has expired$"):
                CallerToken(file, now=lambda: case["exp"]).read()

    def test_invalid_tokens(self):
        for case in self.each(vectors["tokens"]["invalid"]):
            with self.assertRaises(SigningError) as caught:
                CallerToken(self.write(case["file"].encode())).read()
            self.assert_refused(caught.exception, case["reason"], case["file"])

    def test_invalid_secrets(self):
        for case in self.each(vectors["secrets"]["invalid"]):
            with self.assertRaises(SigningError) as caught:
                read_secret(self.write(bytes.fromhex(case["secret"])))
            self.assert_refused(caught.exception, case["reason"], case["secret"])

    def assert_refused(self, error, reason, content):
        self.assertTrue(str(error).endswith(reason), error)
        # No error quotes what it read, and none has a cause that may.
        for part in filter(None, [content.strip(), *content.split(".")]):
            self.assertNotIn(part, str(error))
        self.assertIsNone(error.__context__)

    def test_valid_urls(self):
        for case in self.each(vectors["urls"]["valid"]):
            no_token = {"CALLER_TOKEN_FILE": "none"} if "socket" in case else {}
            found = read_settings({"SIGNER_URL": case["url"], **no_token})
            self.assertEqual(found.socket, case.get("socket"))
            host, port = case.get("host", "localhost"), case.get("port", 8081)
            self.assertEqual(found.origin, f"http://{f'[{host}]' if ':' in host else host}:{port}")
            self.assertEqual(found.url[len("http://") :].partition("/")[2], case["path"][1:])

    def test_invalid_urls(self):
        for url in vectors["urls"]["invalid"]:
            with self.subTest(url), self.assertRaisesRegex(SigningError, "^SIGNER_URL must be"):
                read_settings({"SIGNER_URL": url})

    def test_valid_settings(self):
        for case in self.each(vectors["settings"]["valid"]):
            found = read_settings(case["environment"])
            self.assertEqual((found.token_file, found.secret_file), (case["token_file"], case["secret_file"]))
            self.assertEqual(f"unix:{found.socket}:/sign" if found.socket else found.url, case["url"])

    def test_invalid_settings(self):
        for case in self.each(vectors["settings"]["invalid"]):
            with self.assertRaisesRegex(SigningError, case["variable"]):
                read_settings(case["environment"])


