# Reads webhooks as lines of JSON, and prints for each whether the library of PyPI accepts it: 1 or 0.
import base64
import json
import sys
from datetime import datetime

from standardwebhooks import webhooks

receivers: dict[str, webhooks.Webhook] = {}
clock: dict[str, float | None] = {"now": None}


class Clock(datetime):
    """The clock of the line, or of the machine."""

    @classmethod
    def now(cls, tz=None):
        seconds = clock["now"]
        return datetime.now(tz) if seconds is None else datetime.fromtimestamp(seconds, tz)


webhooks.datetime = Clock


def accepts(secret: str, headers: dict[str, str], body: bytes) -> bool:
    if secret not in receivers:
        receivers[secret] = webhooks.Webhook(secret)
    try:
        # A body that is cut is no JSON any more.
        receivers[secret].verify(body, headers, json_parse=False)
        return True
    except (webhooks.WebhookVerificationError, UnicodeError):
        # The library takes text only.
        return False


for line in sys.stdin.buffer:
    received = json.loads(line)
    clock["now"] = received.get("now")
    body = base64.b64decode(received["body"])
    print(int(accepts(received["secret"], received["headers"], body)))
