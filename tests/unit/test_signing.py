import pytest
from itsdangerous import BadSignature

from meetings.signing import Purpose, derived_keys, serializer, signer

NEW, OLD = "n" * 32, "o" * 32


def test_what_one_purpose_signed_no_other_accepts() -> None:
    token = signer(Purpose.BOT_WEBHOOK, [NEW]).sign("meeting-a/1")
    for purpose in Purpose:
        if purpose is not Purpose.BOT_WEBHOOK:
            with pytest.raises(BadSignature):
                signer(purpose, [NEW]).unsign(token)


def test_the_previous_secret_still_verifies_and_no_longer_signs() -> None:
    by_old = serializer(Purpose.CONNECT_LINK, [OLD]).dumps({"user": "carla"})
    assert serializer(Purpose.CONNECT_LINK, [NEW, OLD]).loads(by_old) == {"user": "carla"}
    by_both = serializer(Purpose.CONNECT_LINK, [NEW, OLD]).dumps({"user": "carla"})
    assert serializer(Purpose.CONNECT_LINK, [NEW]).loads(by_both) == {"user": "carla"}
    with pytest.raises(BadSignature):
        serializer(Purpose.CONNECT_LINK, [NEW]).loads(by_old)


def test_keys_are_as_many_as_secrets_and_all_different() -> None:
    keys = [key for purpose in Purpose for key in derived_keys(purpose, [NEW, OLD])]
    assert len(set(keys)) == 2 * len(Purpose)
    assert {len(key) for key in keys} == {32}
