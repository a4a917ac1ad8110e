from hypothesis import example, given
from hypothesis import strategies as st

from minutekeeper.meetings.ids import folder_for
from minutekeeper.storage import layout
from minutekeeper.storage.layout import validate_path


@given(st.text(max_size=1000))
@example("../../etc/passwd")
@example("Board meeting/Q4: Zürich")
@example("recording.mp4#1")
def test_any_ids_lead_to_paths_that_the_store_takes(name: str) -> None:
    folder = folder_for(name)

    assert "/" not in validate_path(folder)
    assert not folder.startswith(".")
    assert validate_path(layout.partial_download_dir(folder, name)).startswith(f"{folder}/")


def test_what_belongs_to_a_download_is_told_apart() -> None:
    assert layout.is_partial_download(layout.partial_download_dir("m/earlier/0", "bot") + "/x")
    assert not layout.is_partial_download(layout.recording_path("m", "mp4"))
    assert not layout.is_partial_download(layout.raw_delivery_path("m", "complete.json"))
