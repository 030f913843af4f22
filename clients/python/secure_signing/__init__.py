"""Lets an application call the signer of its Pod. Import from secure_signing.requests or secure_signing.httpx."""
from ._settings import SigningError
from ._webhooks import SignerError

__all__ = ["SignerError", "SigningError"]
