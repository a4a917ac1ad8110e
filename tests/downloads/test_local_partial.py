"""A file that grows in a folder: what the next writer finds after crashes, power cuts and writers that wake up."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from minutekeeper.downloads.local_partial import LockedFile
from minutekeeper.storage.errors import DamagedPartError

BATCHES = [bytes([number]) * 1000 for number in range(1, 6)]
CONTENT = b"".join(BATCHES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "m" / ".unfinished" / "bot"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "m" / "recording.mp4"


def write(file: LockedFile, *batches: bytes) -> None:
    for batch in batches:
        file.write([memoryview(batch)])


def dead_writer(folder: Path, *batches: bytes) -> None:
    file = LockedFile(folder)
    write(file, *batches)
    file.close_without_waiting()


def only(folder: Path, suffix: str) -> Path:
    (found,) = folder.glob(f"*{suffix}")
    return found


def assert_whole_after_writing_the_rest(folder: Path, target: Path, held: int) -> None:
    file = LockedFile(folder)
    assert file.resume() == held
    write(file, CONTENT[held:])
    assert file.move(target) == hashlib.sha256(CONTENT).hexdigest()
    assert target.read_bytes() == CONTENT


def test_nothing_was_left(folder: Path, target: Path) -> None:
    assert_whole_after_writing_the_rest(folder, target, 0)


def test_the_file_of_a_dead_writer_is_gone_on_with_and_not_written_anew(folder: Path, target: Path) -> None:
    dead_writer(folder, *BATCHES[:3])
    file = only(folder, ".part").stat().st_ino

    assert_whole_after_writing_the_rest(folder, target, 3000)

    assert target.stat().st_ino == file


def test_a_writer_that_wakes_up_spoils_nothing(folder: Path, target: Path) -> None:
    frozen = LockedFile(folder)
    write(frozen, *BATCHES[:3])

    second = LockedFile(folder)
    assert second.resume() == 3000
    write(frozen, b"something else")
    write(second, *BATCHES[3:])
    digest = second.move(target)
    write(frozen, b"something else again")
    with pytest.raises(FileNotFoundError):
        frozen.move(target)
    frozen.close_without_waiting()

    assert target.read_bytes() == CONTENT
    assert digest == hashlib.sha256(CONTENT).hexdigest()


def test_of_a_file_without_any_bytes_none_are_read(folder: Path) -> None:
    file = LockedFile(folder)
    assert file.read(0, 10) == b""
    file.close_without_waiting()


def test_a_part_of_what_was_written_is_read_and_nothing_behind_it(folder: Path) -> None:
    file = LockedFile(folder)
    write(file, *BATCHES[:3])
    with only(folder, ".part").open("ab") as other:
        other.write(b"something else")
    assert file.read(0, 5) == CONTENT[:5]
    assert file.read(1500, 1000) == CONTENT[1500:2500]
    assert file.read(2500, 1000) == CONTENT[2500:3000]
    assert file.read(3000, 1000) == b""
    file.close_without_waiting()


def test_a_file_is_moved_into_a_folder_that_was_not_there(folder: Path, tmp_path: Path) -> None:
    file = LockedFile(folder)
    write(file, CONTENT)
    target = tmp_path / "other" / "deeper" / "recording.mp4"
    assert file.move(target) == file.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert target.read_bytes() == CONTENT


def test_what_was_written_and_what_proves_it_are_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = LockedFile(folder)
    write(file, CONTENT)
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_ino))
    file.sync()
    assert synced == [only(folder, suffix).stat().st_ino for suffix in (".part", ".journal")]
    file.close_without_waiting()


def test_nothing_is_waited_for_where_nothing_was_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    LockedFile(folder).sync()
    assert synced == []


def zeros(part: Path) -> None:
    part.write_bytes(CONTENT[:2000] + bytes(1000))


def cut(part: Path) -> None:
    os.truncate(part, 2500)


def more(part: Path) -> None:
    part.write_bytes(CONTENT[:2000] + b"never noted" * 200)


def much_more(part: Path) -> None:
    part.write_bytes(CONTENT[:2000] + b"never noted" * 2000)


@pytest.mark.parametrize("damage", [zeros, cut, more, much_more])
def test_bytes_count_only_as_far_as_the_journal_proves_them(
    folder: Path, target: Path, damage: Callable[[Path], None]
) -> None:
    dead_writer(folder, *BATCHES[:3])
    damage(only(folder, ".part"))

    assert_whole_after_writing_the_rest(folder, target, 2000)


def test_a_copy_holds_nothing_but_what_the_journal_proves(folder: Path, target: Path) -> None:
    frozen = LockedFile(folder)
    write(frozen, *BATCHES[:3])
    with only(folder, ".part").open("r+b") as file:
        file.seek(2500)
        file.write(b"something else")

    assert_whole_after_writing_the_rest(folder, target, 2000)
    frozen.close_without_waiting()


def test_a_writer_that_is_given_up_while_it_takes_over_changes_nothing(folder: Path, target: Path) -> None:
    frozen = LockedFile(folder)
    write(frozen, *BATCHES[:3])
    before = sorted(folder.iterdir())

    second = LockedFile(folder)
    second.close_without_waiting()
    with pytest.raises(InterruptedError):
        second.resume()

    assert sorted(folder.iterdir()) == before
    assert_whole_after_writing_the_rest(folder, target, 3000)
    frozen.close_without_waiting()


@pytest.mark.parametrize("late", [b"something else" * 100, b"x" * 1000])
def test_on_a_disk_without_locks_a_writer_that_wakes_up_cannot_spoil_the_file(
    folder: Path, target: Path, monkeypatch: pytest.MonkeyPatch, late: bytes
) -> None:
    monkeypatch.setattr("fcntl.flock", lambda *_: None)
    frozen = LockedFile(folder)
    write(frozen, *BATCHES[:3])
    second = LockedFile(folder)
    second.resume()
    write(second, *BATCHES[3:])
    write(frozen, late)

    with pytest.raises(DamagedPartError, match=r": the file on the disk has \d+ bytes, 5000 were received\Z"):
        second.move(target)

    assert not target.exists()
    second.close_without_waiting()
    frozen.close_without_waiting()


@pytest.mark.parametrize("torn", [b"", b"\0" * 50, b'{"size":3000,"sha'])
def test_a_torn_line_of_the_journal_is_no_obstacle(folder: Path, target: Path, torn: bytes) -> None:
    dead_writer(folder, *BATCHES[:3])
    journal = only(folder, ".journal")
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:2]) + torn)

    assert_whole_after_writing_the_rest(folder, target, 2000)


def test_a_line_that_is_not_true_does_not_hide_the_ones_after_it(folder: Path, target: Path) -> None:
    dead_writer(folder, *BATCHES[:3])
    journal = only(folder, ".journal")
    first, *others = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(first.replace(b'"sha256":"', b'"sha256":"00') + b"".join(others))

    assert_whole_after_writing_the_rest(folder, target, 3000)


def test_the_longest_of_several_is_gone_on_with_and_no_other_is_left(folder: Path, target: Path) -> None:
    for count in (1, 4, 2):
        dead_writer(folder, *BATCHES[:count])

    assert_whole_after_writing_the_rest(folder, target, 4000)

    assert [path.suffix for path in folder.iterdir()] == [".journal"]


def test_a_file_that_was_moved_but_not_reported_is_found_there(folder: Path, target: Path) -> None:
    file = LockedFile(folder)
    write(file, *BATCHES)
    file.move(target)

    assert_whole_after_writing_the_rest(folder, target, len(CONTENT))


def test_a_disk_that_only_admits_late_that_it_failed_keeps_nothing_under_a_final_name(
    folder: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = LockedFile(folder)
    write(file, CONTENT)

    def fail(_: object) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match=r"^$"):
            file.move(target)
    file.close_without_waiting()

    assert not target.exists()
    assert_whole_after_writing_the_rest(folder, target, len(CONTENT))


def test_a_disk_without_room_for_a_copy_is_not_left_with_half_of_one(
    folder: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = LockedFile(folder)
    write(frozen, *BATCHES[:3])
    before = sorted(folder.iterdir())

    def fail(_: object) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        second = LockedFile(folder)
        with pytest.raises(OSError, match=r"^$"):
            second.resume()
    second.close_without_waiting()

    assert sorted(folder.iterdir()) == before
    frozen.close_without_waiting()
    assert_whole_after_writing_the_rest(folder, target, 3000)


def test_what_nobody_waits_for_any_more_is_not_written(folder: Path) -> None:
    file = LockedFile(folder)
    write(file, BATCHES[0])
    file.close_without_waiting()

    write(file, BATCHES[1])
    file.sync()

    following = LockedFile(folder)
    assert following.resume() == 1000
    following.close_without_waiting()
