"""The caller token over time. The clock is the test's."""
import unittest

from secure_signing import SigningError
from secure_signing._credentials import CallerToken
from support import SignerTest, make_token


class TestCallerToken(SignerTest):
    def setUp(self):
        super().setUp()
        self.time = 1_000
        self.token = CallerToken(self.environment["CALLER_TOKEN_FILE"], now=lambda: self.time)

    def replace(self, expires):
        """Writes a token, and returns it."""
        text = make_token(expires)
        self.write("token", text.encode())
        return text

    def test_an_older_token_serves_until_it_expires(self):
        old = self.replace(1_010)
        self.assertEqual(self.token.read(), old)
        new = self.replace(2_000)
        self.assertTrue(self.token.refuse(self.token.read()))
        self.assertEqual(self.token.read(), old)
        self.time = 1_010
        self.assertEqual(self.token.read(), new)
        self.assertFalse(self.token.refuse(new))

    def test_keeps_the_last_token_that_was_not_refused(self):
        good = self.replace(2_000)
        self.token.read()
        self.replace(2_001)
        self.assertTrue(self.token.refuse(self.token.read()))
        self.replace(2_002)
        self.assertTrue(self.token.refuse(self.token.read()))
        self.assertEqual(self.token.read(), good)

    def test_the_first_token_has_none_before_it(self):
        only = self.replace(2_000)
        self.assertFalse(self.token.refuse(self.token.read()))
        self.assertEqual(self.token.read(), only)

    def test_an_expired_token_in_the_file_is_an_error_while_an_older_one_is_valid(self):
        self.replace(2_000)
        self.token.read()
        self.replace(1_000)
        with self.assertRaisesRegex(SigningError, "has expired$"):
            self.token.read()


del SignerTest
