# The frontend of the use case, as a tutorial for Flask would write it: it protects nothing.
import os

import requests
from flask import Flask, jsonify, request

app = Flask(__name__)
SIGNER_URL = os.environ["SIGNER_URL"]


@app.route("/process", methods=["POST"])
def process():
    processed = request.get_json()["message"].upper()
    response = requests.post(SIGNER_URL, json={"message": processed}, timeout=5)
    response.raise_for_status()
    return jsonify(processed_message=processed, signature=response.json()["signature"])
