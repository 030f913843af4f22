"""Has each line of standard input signed, in the way that the argument names, and prints the answers."""
import asyncio
import json
import sys

WAY = sys.argv[1]
URL = "http://localhost:8081/sign" if len(sys.argv) < 3 else sys.argv[2]

if WAY.startswith("requests"):
    import requests
    from secure_signing.requests import SignerAuth, signer_session

    session = signer_session(timeout=5)

    def ask(message):
        if WAY == "requests session":
            return session.post(URL, json={"message": message})
        return requests.post(URL, json={"message": message}, auth=SignerAuth(), timeout=5)

else:
    import httpx
    from secure_signing.httpx import SignerAuth, async_signer_client, signer_client

    client = signer_client(timeout=5)

    def ask(message):
        if WAY == "httpx client":
            return client.post(URL, json={"message": message})
        if WAY == "httpx async client":
            return asyncio.run(ask_async(message))
        return httpx.post(URL, json={"message": message}, auth=SignerAuth(), timeout=5)

    async def ask_async(message):
        async with async_signer_client(timeout=5) as other:
            return await other.post(URL, json={"message": message})


for line in sys.stdin:
    response = ask(json.loads(line))
    print(json.dumps({"status": response.status_code, **response.json()}), flush=True)
