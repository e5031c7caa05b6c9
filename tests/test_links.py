"""Links that open without a key for a while."""

from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from wyoming_openspeakers.links import Links

PATH = "/api/tts/jobs/1/audio"


def opens(links: Links, url: str) -> bool:
    parts = urlsplit(url)
    return links.opens(parts.path, dict(parse_qsl(parts.query)))


def test_a_signed_path_opens_and_no_other() -> None:
    links = Links("secret")
    url = links.signed(f"{PATH}?format=wav")
    assert opens(links, url) and "format=wav" in url
    assert not opens(links, PATH)
    assert not opens(links, url.replace("jobs/1", "jobs/2"))
    assert not opens(links, url.replace("expires=", "expires=9"))
    assert not opens(Links("other"), url)


def test_it_opens_for_a_day() -> None:
    now = [1000.0]
    links = Links("secret", lambda: now[0])
    url = links.signed(PATH)
    now[0] += 24 * 3600 - 2
    assert opens(links, url)
    now[0] += 3
    assert not opens(links, url)


def test_without_a_key_nothing_is_signed() -> None:
    assert Links("").signed(PATH) == PATH
    assert not opens(Links(""), Links("secret").signed(PATH))


@given(st.text(), st.text())
def test_nonsense_opens_nothing(expires: str, signature: str) -> None:
    assert not Links("secret").opens(PATH, {"expires": expires, "signature": signature})
