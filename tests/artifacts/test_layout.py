import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifacts import layout
from artifacts.layout import folder_for
from artifacts.paths import checked


@pytest.mark.parametrize("meeting_id", ["20261201-1000Z-0123456789", "a", "Board_2026.12-01", "x" * 120, "_x", "-"])
def test_ordinary_ids_are_their_own_folders(meeting_id: str) -> None:
    assert folder_for(meeting_id) == meeting_id


@pytest.mark.parametrize(
    ("meeting_id", "slug"),
    [
        ("Board meeting/Q4: Zürich", "Board-meeting-Q4-Zurich"),
        ("..", "meeting"),
        (".hidden", "hidden"),
        ("../../etc/passwd", "etc-passwd"),
        ("会議", "meeting"),
        ("", "meeting"),
        ("x" * 121, "x" * 80),
        ("inbox", "inbox"),
        ("a\x00b", "a-b"),
        ("a\ud800b", "ab"),
    ],
)
def test_other_ids_get_a_slug_and_a_hash(meeting_id: str, slug: str) -> None:
    assert re.fullmatch(re.escape(slug) + "~[0-9a-f]{12}", folder_for(meeting_id))


@given(st.text(max_size=1000))
def test_a_folder_is_always_one_safe_part(meeting_id: str) -> None:
    folder = folder_for(meeting_id)

    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._~-]{0,119}", folder)
    assert checked(layout.pieces(folder, meeting_id)).startswith(f"{folder}/")
    assert folder != layout.INBOX


@given(st.lists(st.text(alphabet="ab-./ ~#:é", max_size=12), unique=True, max_size=30))
def test_no_two_meetings_share_a_folder(ids: list[str]) -> None:
    folders = [folder_for(each) for each in ids]

    assert len({*folders, *(folder_for(folder) for folder in folders if "~" in folder)}) == len(folders) + sum(
        "~" in folder for folder in folders
    )


def test_what_belongs_to_a_download_is_told_apart() -> None:
    assert layout.is_unfinished(f"{layout.pieces('m/earlier/0', 'bot')}/x")
    assert not layout.is_unfinished(layout.recording("m", "mp4"))
