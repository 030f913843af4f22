"""
Has each line of standard input signed, in the way that the argument names, and prints the answers. A line is a message, or an
object with the arguments of sign_webhook, whose body is base64.
"""
import asyncio
import base64
import json
import sys

from secure_signing import SignerError

WAY = sys.argv[1]
URL = "http://localhost:8081/sign" if len(sys.argv) < 3 else sys.argv[2]

if WAY.startswith("requests"):
    import requests
    from secure_signing.requests import SignerAuth, signer_session

    session = signer_session(timeout=5)
    sign_webhook = session.sign_webhook

    def ask(message):
        if WAY == "requests session":
            return session.post(URL, json={"message": message})
        return requests.post(URL, json={"message": message}, auth=SignerAuth(), timeout=5)

else:
    import httpx
    from secure_signing.httpx import SignerAuth, async_signer_client, signer_client

    client = signer_client(timeout=5)
    sign_webhook = client.sign_webhook

    def ask(message):
        if WAY == "httpx client":
            return client.post(URL, json={"message": message})
        if WAY == "httpx async client":
            return asyncio.run(ask_async(message))
        return httpx.post(URL, json={"message": message}, auth=SignerAuth(), timeout=5)

    async def ask_async(message):
        async with async_signer_client(timeout=5) as other:
            return await other.post(URL, json={"message": message})

    async def sign_webhook_async(*args, **options):
        async with async_signer_client(timeout=5) as other:
            return await other.sign_webhook(*args, **options)

    if WAY == "httpx async client":
        sign_webhook = lambda *args, **options: asyncio.run(sign_webhook_async(*args, **options))


def sign(line):
    if isinstance(line, str):
        response = ask(line)
        return {"status": response.status_code, **response.json()}
    try:
        return sign_webhook(base64.b64decode(line.pop("body")), **line)
    except SignerError as error:
        return {"code": error.code, "permanent": error.permanent, "message": str(error)}


for line in sys.stdin:
    print(json.dumps(sign(json.loads(line))), flush=True)
