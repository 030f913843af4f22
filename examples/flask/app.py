import requests
from flask import Flask, request
from secure_signing.requests import signer_session

app = Flask(__name__)
signer = signer_session()


@app.post("/process")
def process():
    body = request.get_json()
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, str):
        return {"error": "message must be text"}, 400
    processed = message.upper()
    try:
        answer = signer.post("http://localhost:8081/sign", json={"message": processed})
        answer.raise_for_status()
    except requests.RequestException as error:
        app.logger.error("no signature: %s", error)
        return {"error": "signing is not available"}, 503
    signed = answer.json()
    return {"processed_message": processed, "signature": signed["signature"], "key_id": signed["key_id"]}


@app.get("/healthz")
def healthz():
    return {"status": "ok"}
