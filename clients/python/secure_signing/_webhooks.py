"""Standard Webhooks: what a client asks the signer for, and how it reads the answer."""
from __future__ import annotations

import base64
import json
import re
from typing import Any, Dict, Mapping, Optional, Sequence, Type, Union

from ._settings import SigningError

Body = Union[str, bytes, bytearray, memoryview]

JSON_TYPE = {"Content-Type": "application/json"}
_HEADERS = {
    # Visible ASCII without a dot, because a dot separates what is signed.
    "webhook-id": re.compile("[!-\\-/-~]{1,128}"),
    "webhook-timestamp": re.compile("[0-9]{1,12}"),
    "webhook-signature": re.compile("v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*"),
}
#: What the caller chose. An error about another field means that an operator has to add a key.
_FIELDS = {"id", "consumer", "consumer_versions"}


class SignerError(SigningError):
    """The signer did not sign. `code` is one of its error codes, or `signer_unavailable` if the answer has none."""

    code: str = "signer_unavailable"
    #: The status of the answer.
    status: int
    #: The field of the request that is wrong.
    field: Optional[str] = None
    #: The id of the request in the logs of the signer.
    request_id: Optional[str] = None
    #: Whether the same call fails again, so that only another body, id or consumer helps.
    permanent: bool = False
    #: After how many seconds the same call may succeed, if the signer says so.
    retry_after: Optional[int] = None


def make_request(
    body: Body,
    consumer: Optional[str],
    id: Optional[str],
    consumer_versions: Optional[Sequence[int]],
    key_id: Optional[str],
) -> bytes:
    """Returns the body of the request to the signer, in JSON."""
    if isinstance(body, str):
        body = body.encode()
    elif not isinstance(body, (bytes, bytearray, memoryview)):
        found = type(body).__name__
        raise TypeError(f"body must be bytes or text, not {found}. Serialize it once, then sign and send the same bytes")
    options = {"consumer": consumer, "id": id, "consumer_versions": consumer_versions, "key_id": key_id}
    asked = {**_encode(bytes(body)), **{name: value for name, value in options.items() if value is not None}}
    # Escapes would take more of the signer's limit.
    return json.dumps(asked, ensure_ascii=False).encode()


def _encode(body: bytes) -> Dict[str, str]:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(body).decode("ascii"), "encoding": "base64"}


def read_answer(
    status: int, headers: Mapping[str, str], content: bytes, id: Optional[str], error: Type[SignerError]
) -> Dict[str, str]:
    """Returns the headers of the webhook. `id` is the one that it asked for, if any."""
    answer = _parse(content)
    signed = answer.get("headers")
    if status == 200 and isinstance(signed, dict):
        found = {name: signed.get(name) for name in _HEADERS}
        if all(isinstance(found[name], str) and form.fullmatch(found[name]) for name, form in _HEADERS.items()):
            if id is None or found["webhook-id"] == id:
                return found
    raise _explain(status, headers, content, answer, error)


def _parse(content: bytes) -> Dict[str, Any]:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _explain(
    status: int, headers: Mapping[str, str], content: bytes, answer: Mapping[str, Any], error: Type[SignerError]
) -> SignerError:
    code, field = answer.get("code"), answer.get("field")
    if code == "invalid_request" and field == "message":
        # It wants the form that it knows.
        what = "this signer does not know webhooks. Deploy version 0.2 of it, or a later one"
    elif isinstance(code, str):
        what = f"the signer answered {status} {code}: {answer.get('detail')}"
    else:
        text = content[:200].decode("utf-8", "replace")
        what = f"not the signer's answer to a webhook. The answer has status {status} and begins: {text!r}"
    made = error(what)
    made.status = status
    if isinstance(code, str):
        made.code, made.field, made.request_id = code, field, answer.get("request_id")
        is_chosen = str(field).partition(".")[0] in _FIELDS
        made.permanent = code in ("ambiguous_body", "payload_too_large") or (code == "invalid_request" and is_chosen)
    seconds = headers.get("retry-after", "")
    made.retry_after = int(seconds) if seconds.isdecimal() else None
    return made
