# The signer of the use case, as a tutorial for Flask would write it: it protects nothing.
import hashlib
import hmac
import os

from flask import Flask, jsonify, request

app = Flask(__name__)
key = os.urandom(32)


@app.route("/sign", methods=["POST"])
def sign():
    message = request.get_json()["message"].encode()
    return jsonify(signature=hmac.new(key, message, hashlib.sha256).hexdigest())
