"""Lets an application call the signer of its Pod. Import from secure_signing.requests or secure_signing.httpx."""
from ._settings import SigningError

__all__ = ["SigningError"]
