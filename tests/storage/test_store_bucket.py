"""A store in an S3 bucket."""

import pytest
from obstore.exceptions import GenericError

from minutekeeper.storage.errors import NotStoredError, StoreError, translate_store_errors
from minutekeeper.storage.store import ArtifactStore
from tests.storage.partial_files import MEBIBYTE, write_and_fail
from tests.storage.s3_server import S3Server


async def test_objects_lie_under_the_prefix(s3: S3Server, s3_store: ArtifactStore) -> None:
    await s3_store.put("m/x", b"1")

    assert s3.objects == {"some/prefix/m/x": b"1"}


@pytest.mark.usefixtures("s3")
async def test_missing_bucket() -> None:
    store = ArtifactStore("s3://nowhere/prefix")

    with pytest.raises(StoreError, match="the bucket does not exist") as caught:
        await store.check()
    assert not isinstance(caught.value, NotStoredError)
    with pytest.raises(StoreError, match="the bucket does not exist"):
        await store.get("m/x")


@pytest.mark.parametrize("refusal", [(403, "SignatureDoesNotMatch"), (401, "InvalidToken")])
async def test_refused_credentials_are_told_without_quoting_them(
    s3: S3Server, s3_store: ArtifactStore, refusal: tuple[int, str]
) -> None:
    s3.refusal = refusal

    with pytest.raises(StoreError, match="access denied") as caught:
        await s3_store.check()

    assert "AKIA" not in str(caught.value)


async def test_missing_credentials_are_told() -> None:
    text = "Generic S3 error: Error performing PUT http://169.254.169.254/latest/api/token - 403"

    with pytest.raises(StoreError, match="no AWS credentials"), translate_store_errors("write x"):
        raise GenericError(text)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (503, "the storage service is overloaded or out of order; it answers 503 (Service Unavailable)"),
        (429, "the storage service is overloaded or out of order; it answers 429 (Too Many Requests)"),
        (507, "the storage service has no room left; free some space or raise its quota"),
    ],
)
async def test_a_service_that_is_out_of_order_is_told(
    s3: S3Server, s3_store: ArtifactStore, status: int, words: str
) -> None:
    s3.refusal = (status, "SlowDown")

    for work in (s3_store.put("m/x", b"1"), s3_store.get("m/x"), s3_store.list("m"), s3_store.delete("m/x")):
        with pytest.raises(StoreError) as caught:
            await work
        assert str(caught.value).endswith(f": {words}")
        assert not isinstance(caught.value, NotStoredError)


async def test_a_service_that_is_down_is_told(s3: S3Server, s3_store: ArtifactStore) -> None:
    await s3.stop()

    with pytest.raises(StoreError, match="the storage service cannot be reached"):
        await s3_store.check()


async def test_other_refusals_quote_no_key(s3: S3Server, s3_store: ArtifactStore) -> None:
    s3.refusal = (400, "InvalidArgument")

    with pytest.raises(StoreError, match=r"Cannot write \.probe-\w+: .*400") as caught:
        await s3_store.check()

    assert "AKIA" not in str(caught.value)


async def test_an_abandoned_upload_is_removed_from_the_bucket(s3: S3Server, s3_store: ArtifactStore) -> None:
    await write_and_fail(s3_store, "m/x", bytes(20 * MEBIBYTE))

    await s3.upload_removed.wait()
    assert s3.uploads == {}
    assert s3.objects == {}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("recording.wav", "audio/wav"), ("recording.mp4", "video/mp4"), ("transcript.vtt", "text/vtt; charset=utf-8")],
)
async def test_a_browser_is_told_what_a_file_is(
    s3: S3Server, s3_store: ArtifactStore, name: str, expected: str
) -> None:
    await s3_store.put(f"m/{name}", b"1")
    assert s3.content_types[f"some/prefix/m/{name}"] == expected
    async with s3_store.writer(f"n/{name}") as writer:
        await writer.write(bytes(9 * 1024 * 1024))
    assert s3.content_types[f"some/prefix/n/{name}"] == expected
