"""What people read when Recall.ai refuses a call, and that it holds neither keys nor links."""

from typing import Any

import pytest

from minutekeeper.providers.base import (
    AccountError,
    CapacityError,
    NotFoundError,
    ProviderError,
    RateLimitedError,
    RequestRejectedError,
    UnavailableError,
)
from minutekeeper.providers.recall.http import CodedRejectionError
from minutekeeper.providers.recall.provider import RecallProvider
from tests.providers.recall.support import KEY, open_provider
from tests.providers.response_server import Answer, ToldServer

CALL = "Recall.ai answered GET /api/v1/bot/b-1/ with"


async def error_of(recall: RecallProvider, server: ToldServer, answer: Answer) -> ProviderError:
    server.always = answer
    with pytest.raises(ProviderError) as caught:
        await recall.get_bot_origin("b-1")
    return caught.value


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (
            401,
            {"code": "authentication_failed", "detail": "Invalid API token"},
            (
                AccountError,
                (
                    "Invalid API token (authentication_failed) The API key is missing or wrong, or it is not for "
                    "the region eu-central-1; RECALL_REGION names that of the workspace."
                ),
            ),
        ),
        (402, {}, (AccountError, "(no text) The workspace has no credit left.")),
        (403, {"detail": "No access"}, (AccountError, "No access The workspace may not do this.")),
        (403, {"code": "request_blocked", "detail": "Blocked"}, (CodedRejectionError, "Blocked (request_blocked)")),
        (403, b"<html><title>x</title><body><p>Forbidden</p></body>", (CodedRejectionError, "x Forbidden")),
        (404, {"detail": "Not found."}, (NotFoundError, "Not found.")),
        (404, b"", (NotFoundError, "(no text)")),
        (
            409,
            {"code": "conflict", "detail": "In flight."},
            (
                UnavailableError,
                "In flight. (conflict) An earlier request of the same kind is still being carried out.",
            ),
        ),
        (
            400,
            {"meeting_url": ["This field is required."]},
            (RequestRejectedError, "meeting_url: This field is required."),
        ),
        (
            400,
            {"recording_config": {"transcript": {"provider": ["Exactly one."]}}},
            (RequestRejectedError, "recording_config.transcript.provider: Exactly one."),
        ),
        (
            400,
            {"code": "invalid_request_data", "message": "Invalid.", "errors": {"non_field_errors": ["Ended."]}},
            (RequestRejectedError, "Invalid.; Ended. (invalid_request_data)"),
        ),
        (400, {"code": 400, "detail": "test error"}, (RequestRejectedError, "test error")),
        (400, [["deep", {"x": [None, 1]}]], (RequestRejectedError, "deep")),
        (422, "odd", (RequestRejectedError, "odd")),
        (500, {"detail": "Server error"}, (UnavailableError, "Server error")),
        (502, b"<html><head><title>502 Bad Gateway</title></head></html>", (UnavailableError, "502 Bad Gateway")),
        (503, b"<?xml version='1.0'?><Error><Code>SlowDown</Code></Error>", (UnavailableError, "SlowDown")),
        (408, b"", (UnavailableError, "(no text)")),
        (429, {"detail": "Throttled."}, (RateLimitedError, "Throttled.")),
        (
            507,
            {"code": "adhoc_pool_depleted"},
            (CapacityError, "adhoc_pool_depleted No machine is free for a bot that joins at once."),
        ),
    ],
)
async def test_errors_say_what_was_said_and_what_to_do(
    recall: RecallProvider, server: ToldServer, status: int, body: Any, expected: tuple[type[ProviderError], str]
) -> None:
    kind, text = expected
    told = await error_of(recall, server, Answer(body, status=status))
    assert isinstance(told, kind)
    assert str(told) == f"{CALL} {status}: {text}"


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimitedError), (507, CapacityError)])
async def test_pauses_are_taken_over(
    recall: RecallProvider, server: ToldServer, status: int, kind: type[RateLimitedError | CapacityError]
) -> None:
    waits = await error_of(recall, server, Answer({}, status=status, headers={"Retry-After": "7"}))
    assert isinstance(waits, kind)
    assert waits.retry_after == 7
    silent = await error_of(recall, server, Answer({}, status=status))
    assert isinstance(silent, kind)
    assert silent.retry_after is None


async def test_a_redirect_is_not_followed(recall: RecallProvider, server: ToldServer) -> None:
    answer = Answer(status=302, headers={"Location": "https://elsewhere.example/login?token=abc"})
    told = await error_of(recall, server, answer)
    assert isinstance(told, UnavailableError)
    assert "https://elsewhere.example/…" in str(told)
    assert "RECALL_BASE_URL" in str(told)
    assert len(server.asked) == 1


async def test_with_a_base_url_that_is_named_in_place_of_the_region(server: ToldServer) -> None:
    recall = open_provider(server.url, region="")
    told = await error_of(recall, server, Answer({"detail": "Invalid token."}, status=401))
    await recall.aclose()
    assert str(told).endswith("or it is not for what RECALL_BASE_URL leads to.")


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"detail": f"{KEY} https://s3.example/x?Signature=abc"}, status=400),
        Answer(f"<html>{KEY} https://s3.example/x?Signature=abc".encode(), status=502),
        Answer({"detail": [f"{KEY} https://s3.example/x?Signature=abc"]}, status=401),
    ],
)
async def test_neither_keys_nor_links_are_shown(recall: RecallProvider, server: ToldServer, answer: Answer) -> None:
    told = str(await error_of(recall, server, answer))
    assert KEY not in told
    assert "Signature" not in told


async def test_a_lost_connection_leaves_everything_open(recall: RecallProvider, server: ToldServer) -> None:
    assert isinstance(await error_of(recall, server, Answer(cut=True)), UnavailableError)


async def test_a_short_list_proves_the_key(recall: RecallProvider, server: ToldServer) -> None:
    server.tell(Answer({"results": []}), Answer({"detail": "x"}, status=401), Answer(b"<html>", status=200))
    assert await recall.account_webhook_url() == ""
    with pytest.raises(AccountError):
        await recall.account_webhook_url()
    with pytest.raises(UnavailableError):
        await recall.account_webhook_url()
