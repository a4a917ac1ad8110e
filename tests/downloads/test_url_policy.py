import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from minutekeeper.downloads.url_policy import UrlNotAllowedError, UrlPolicy

PROVIDERS = UrlPolicy(
    hosts=(
        *("s3.amazonaws.com", "s3.*.amazonaws.com", "*.s3.amazonaws.com", "*.s3.*.amazonaws.com"),
        *("s3.*.scw.cloud", "*.s3.*.scw.cloud"),
    )
)
OPEN = UrlPolicy()
ANY_HOST = UrlPolicy(hosts=("*",))


def check(policy: UrlPolicy, link: str) -> None:
    policy.check(URL(link, encoded=True))


@pytest.mark.parametrize(
    "link",
    [
        "https://bots-videos.s3.eu-west-3.amazonaws.com/path/to/video.mp4?X-Amz-Signature=a%2Fb",
        "https://s3.eu-west-3.amazonaws.com/bucket/video.mp4",
        "https://bucket.with.dots.s3.amazonaws.com/video.mp4",
        "https://s3.amazonaws.com:443/bucket/video.mp4",
        "http://S3.AmazonAWS.com./bucket/video.mp4",
        "https://bucket.s3.fr-par.scw.cloud/video.mp4",
    ],
)
def test_the_providers_links_are_followed(link: str) -> None:
    check(PROVIDERS, link)


@pytest.mark.parametrize(
    "link",
    [
        "https://example.com/video.mp4",
        "https://amazonaws.com/",
        "https://ec2-3-120-0-1.eu-west-3.compute.amazonaws.com/video.mp4",
        "https://evil-s3.amazonaws.com.example.com/",
        "https://s3.amazonaws.com.example.com/",
        "https://example.com/s3.amazonaws.com",
        "https://example.com?s3.amazonaws.com",
        "https://example.com#.s3.amazonaws.com",
        "https://xs3.amazonaws.com/",
        "https://s3.amazonaws.com@example.com/",
        "https://s3.amazonaws.com:443@127.0.0.1/",
        "https://s3.amazonaws.com:8443/",
        "http://s3.amazonaws.com:443/",
        "https://127.0.0.1/s3.amazonaws.com",
    ],
)
def test_other_hosts_and_ports_are_refused(link: str) -> None:
    with pytest.raises(UrlNotAllowedError, match="which is not in MINUTEKEEPER_DOWNLOAD_HOSTS"):
        check(PROVIDERS, link)


@pytest.mark.parametrize(
    "link",
    [
        "https://bots-videos.s3.eu-west-3.amazonaws.com/path/to/video.mp4?X-Amz-Signature=a%2Fb",
        "https://recordings.of.another.provider.example/audio.wav",
        "https://minio.example:9000/bucket/video.mp4",
        "https://EXAMPLE.com./",
        "https://xn--bcher-kva.example/video.mp4",
        "https://93.184.216.34/video.mp4",
        "https://[2606:4700::6810:1]:8443/video.mp4",
    ],
)
def test_without_a_list_every_public_host_is_as_good(link: str) -> None:
    check(OPEN, link)


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ("http://example.com/video.mp4", "by http"),
        ("https://example.com:22/", "a port that is not the web's"),
        ("https://example.com:25/", "a port that is not the web's"),
        ("https://example.com:80/", "a port that is not the web's"),
        ("https://example.com:0/", "a port|no host"),
        ("https://user@example.com/", "carries a user name"),
        ("https://:secret@example.com/", "carries a user name"),
        ("https://s3.amazonaws.com:443@127.0.0.1/", "user name"),
        ("https://s3.amazonaws.com%2f@example.com/", "carries a user name"),
        ("https://192.88.99.1/", "no public address"),
        ("https://[3fff::1]/", "no public address"),
        ("https://[64:ff9b::a00:1]/", "no public address"),
        ("https://[2002:a00:1::]/", "no public address"),
        ("https://[::ffff:100.64.0.1]/", "no public address"),
        ("https://0.0.0.0/", "no public address"),
        ("https://2130706433/", "does not name a host"),
        ("https://0177.0.0.1/", "does not name a host"),
        ("https://127.1/", "does not name a host"),
        ("https://0x7f.1/", "does not name a host"),
    ],
)
def test_without_a_list_what_no_recordings_link_looks_like_is_refused(link: str, says: str) -> None:
    with pytest.raises(UrlNotAllowedError, match=says) as refused:
        check(OPEN, link)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "link", ["ftp://example.com/x", "file:///etc/passwd", "gopher://example.com", "//x/y", "x"]
)
def test_other_schemes_are_refused(link: str) -> None:
    with pytest.raises(UrlNotAllowedError, match="neither http nor https"):
        check(ANY_HOST, link)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.255.255.254",
        "127.0.0.1.",
        "0.0.0.0",
        "10.1.2.3",
        "172.31.255.255",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
        "[fe80::1]",
        "[fe80::1%25eth0]",
        "[fec0::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
    ],
)
def test_addresses_that_are_not_public_are_refused_unless_allowed(host: str) -> None:
    link = f"http://{host}/video.mp4"
    with pytest.raises(UrlNotAllowedError, match="no public address"):
        check(ANY_HOST, link)
    check(UrlPolicy(hosts=("*",), private_addresses=True), link)


@pytest.mark.parametrize(
    "host", ["93.184.216.34", "[2606:4700::6810:1]", "[::ffff:93.184.216.34]", "[64:ff9b::808:808]"]
)
def test_public_addresses_are_as_good_as_names(host: str) -> None:
    check(ANY_HOST, f"https://{host}/")


@pytest.mark.parametrize(
    "host",
    [
        *("127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.0.0.1..", "[::1"),
        *("1.2.3.4.5", "300.1.1.1", "", ".", "a..b", "a b", "%31%32%37.0.0.1", "a" * 254, "ⓛocalhost", "x。y"),
    ],
)
def test_what_only_some_read_as_a_host_is_refused(host: str) -> None:
    with pytest.raises((UrlNotAllowedError, ValueError)):
        check(UrlPolicy(hosts=("*",), private_addresses=True), f"http://{host}/")


@pytest.mark.parametrize(
    ("pattern", "link", "other"),
    [
        ("127.0.0.1:8080", "http://127.0.0.1:8080/", "http://127.0.0.1/"),
        ("127.0.0.1", "http://127.0.0.1/", "http://127.0.0.1:8080/"),
        ("[::1]:8080", "http://[0:0:0:0:0:0:0:1]:8080/", "http://[::1]:8081/"),
        ("store.example:*", "https://store.example:9000/", "https://store.example.org:9000/"),
        ("*.example", "http://a.b.example/", "http://example/"),
    ],
)
def test_a_pattern_names_a_host_and_a_port(pattern: str, link: str, other: str) -> None:
    policy = UrlPolicy(hosts=("first.example", pattern), private_addresses=True)
    check(policy, link)
    with pytest.raises(UrlNotAllowedError):
        check(policy, other)


def test_of_a_names_addresses_only_public_ones_are_used() -> None:
    assert PROVIDERS.usable("x", ["10.0.0.1", "93.184.216.34", "::1", "fe80::1%eth0"]) == ["93.184.216.34"]
    with pytest.raises(UrlNotAllowedError, match="leads to x, which is no public address"):
        PROVIDERS.usable("x", ["10.0.0.1", "::1"])


@given(st.text(max_size=80))
def test_a_refusal_never_quotes_path_or_query(secret: str) -> None:
    with contextlib.suppress(ValueError):
        link = URL(f"https://example.com/path-{secret}?signature-{secret}", encoded=True)
        with pytest.raises(UrlNotAllowedError) as refused:
            PROVIDERS.check(link)
        assert "signature-" not in str(refused.value)
        assert "path-" not in str(refused.value)


@pytest.mark.parametrize(
    ("policy", "link", "says"),
    [
        (OPEN, "ftp://example.com/x", "the link is neither http nor https"),
        (OPEN, "https://127.1/x", "the link does not name a host"),
        (
            OPEN,
            "http://example.com/x",
            (
                "the link leads to example.com by http, "
                "which is followed only if MINUTEKEEPER_DOWNLOAD_HOSTS lists the host"
            ),
        ),
        (
            OPEN,
            "https://example.com:22/x",
            (
                "the link leads to example.com:22, a port that is not the web's, "
                "which is followed only if MINUTEKEEPER_DOWNLOAD_HOSTS lists the host"
            ),
        ),
        (
            OPEN,
            "https://user@example.com/x",
            "the link to example.com carries a user name, as no recording's does",
        ),
        (
            PROVIDERS,
            "https://example.com:8443/x",
            "the link leads to example.com:8443, which is not in MINUTEKEEPER_DOWNLOAD_HOSTS",
        ),
        (
            OPEN,
            "https://10.0.0.1/x",
            (
                "the link leads to 10.0.0.1, which is no public address; "
                "MINUTEKEEPER_DOWNLOAD_PRIVATE_ADDRESSES=true allows such addresses"
            ),
        ),
    ],
)
def test_a_refusal_names_the_host_and_what_would_allow_it(policy: UrlPolicy, link: str, says: str) -> None:
    with pytest.raises(UrlNotAllowedError) as refused:
        check(policy, link)
    assert str(refused.value) == says


def test_a_name_has_at_most_253_characters_and_an_open_port_at_least_1024() -> None:
    label = "a" * 63
    longest = f"{label}.{label}.{label}.{'a' * 61}"
    check(OPEN, f"https://{longest}/")
    with pytest.raises(UrlNotAllowedError):
        check(OPEN, f"https://{longest}a/")
    check(OPEN, "https://example.com:1024/")
    with pytest.raises(UrlNotAllowedError):
        check(OPEN, "https://example.com:1023/")
