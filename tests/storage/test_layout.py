from hypothesis import example, given
from hypothesis import strategies as st

from minutekeeper.meetings.ids import folder_for
from minutekeeper.storage import layout
from minutekeeper.storage.layout import checked


@given(st.text(max_size=1000))
@example("../../etc/passwd")
@example("Board meeting/Q4: Zürich")
@example("recording.mp4#1")
def test_any_ids_lead_to_paths_that_the_store_takes(name: str) -> None:
    folder = folder_for(name)

    assert "/" not in checked(folder)
    assert not folder.startswith(".")
    assert checked(layout.pieces(folder, name)).startswith(f"{folder}/")


def test_what_belongs_to_a_download_is_told_apart() -> None:
    assert layout.is_unfinished(layout.pieces("m/earlier/0", "bot") + "/x")
    assert not layout.is_unfinished(layout.recording("m", "mp4"))
    assert not layout.is_unfinished(layout.raw("m", "complete.json"))
