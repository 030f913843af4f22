"""A signer to test against: it answers as told, and records what it received."""
import base64
import json
import os
import socket
import socketserver
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace

from secure_signing._credentials import sign


def make_token(expires, name="test"):
    parts = [{"alg": "none"}, {"sub": name, "exp": expires}, "signature"]
    return ".".join(base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in parts)


class _Ipv6Server(socketserver.ThreadingTCPServer):
    address_family = socket.AF_INET6


class Server:
    """Answers 401 to every token but `tokens`, and 403 to every signature that none of `secrets` made. None admits all."""

    def __init__(self, address=("127.0.0.1", 0)):
        self.received, self.tokens, self.secrets = [], None, None
        #: Called for each request. What it returns is the answer: status, headers, and a body if it is another.
        self.script = lambda request: (200, {})
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = not isinstance(address, str)

            def handle_request(self):
                body = self.read_chunks() if "transfer-encoding" in self.headers else self.read_length()
                request = SimpleNamespace(
                    method=self.command, path=self.path, headers=self.headers, body=body, port=self.client_address[1:2]
                )
                request.close = lambda: self.connection.shutdown(socket.SHUT_RDWR)
                outer.received.append(request)
                body = b'{"key_id":"a"}'
                try:
                    status, headers, *other = outer.answer(request)
                    body = other[0] if other else body
                    self.send_response(status)
                    for name, value in {"content-length": str(len(body)), **headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass  # The client or the test has ended.

            def read_length(self):
                return self.rfile.read(int(self.headers.get("content-length", 0)))

            def read_chunks(self):
                body = b""
                while length := int(self.rfile.readline(), 16):
                    body += self.rfile.read(length)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            do_GET = do_POST = handle_request

            def log_message(self, *_):
                pass

            def address_string(self):
                return "test"

        family = socketserver.ThreadingUnixStreamServer if isinstance(address, str) else socketserver.ThreadingTCPServer
        self._server = (_Ipv6Server if "::1" in address else family)(address, Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/sign"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, request):
        if self.tokens is not None and request.headers.get("caller-token") not in self.tokens:
            return 401, {}
        if self.secrets is not None and not any(self.is_signed(request, each) for each in self.secrets):
            return 403, {}
        return self.script(request)

    def is_signed(self, request, secret):
        created = int(request.headers.get("signature-input", ";created=0;").split(";created=")[1].split(";")[0])
        expected = sign(secret, request.method, request.path.split("?")[0], request.body, created)
        return all(request.headers.get(name) == value for name, value in expected.items())

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class SignerTest(unittest.TestCase):
    """Has a server, a token and a secret that the server accepts, and the settings for all three."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.server = self.serve()
        self.environment = {
            "SIGNER_URL": self.server.url,
            "CALLER_TOKEN_FILE": str(self.folder / "token"),
            "PAIRING_SECRET_FILE": str(self.folder / "secret"),
        }
        self.server.tokens = [self.write_token()]
        self.server.secrets = [self.write_secret()]

    def serve(self, *address):
        server = Server(*address)
        self.addCleanup(server.close)
        return server

    def write_token(self, seconds=600, name="test"):
        token = make_token(time.time() + seconds, name)
        self.write("token", token.encode())
        return token

    def write_secret(self):
        secret = os.urandom(32)
        self.write("secret", secret)
        return secret

    def write(self, name, content):
        """Replaces a file in one step, as kubelet and the signer do."""
        (self.folder / "new").write_bytes(content)
        os.replace(self.folder / "new", self.folder / name)
