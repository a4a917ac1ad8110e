"""Media URLs signed the way S3 signs them: readable times, and a signature over path and query."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

_DATE = "%Y%m%dT%H%M%SZ"


class SignatureError(Exception):
    """The URL is not one of ours, or no longer good. `code` is S3's name for what is wrong."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UrlSigner:
    """Makes and checks URLs that stay good for `validity` real seconds."""

    def __init__(self, base_url: str, validity: int) -> None:
        self._base_url = base_url.rstrip("/")
        self._validity = validity
        self._secret = secrets.token_bytes(32)

    def sign(self, path: str) -> str:
        moment = datetime.now(UTC)
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"SIMULATOR/{moment:%Y%m%d}/loopback/s3/aws4_request",
            "X-Amz-Date": f"{moment:{_DATE}}",
            "X-Amz-Expires": str(self._validity),
            "X-Amz-SignedHeaders": "host",
        }
        query["X-Amz-Signature"] = self._signature(path, query)
        return f"{self._base_url}{path}?{urlencode(query)}"

    def check(self, path: str, query: Mapping[str, str]) -> None:
        """Raise SignatureError unless the query was signed here for this path and is still good."""
        signed = {key: value for key, value in query.items() if key != "X-Amz-Signature"}
        given = query.get("X-Amz-Signature")
        if given is None:
            raise SignatureError("AccessDenied", "Access Denied")
        if not hmac.compare_digest(given.encode(), self._signature(path, signed).encode()):
            raise SignatureError("SignatureDoesNotMatch", "The signature does not belong to this request")
        signed_at = datetime.strptime(signed["X-Amz-Date"], _DATE).replace(tzinfo=UTC)
        if datetime.now(UTC) > signed_at + timedelta(seconds=int(signed["X-Amz-Expires"])):
            raise SignatureError("AccessDenied", "Request has expired")

    def _signature(self, path: str, query: Mapping[str, str]) -> str:
        text = path + "\n" + urlencode(sorted(query.items()))
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()
