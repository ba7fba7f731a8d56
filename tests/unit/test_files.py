"""Files that a user asks for are there whole, or as they were."""

import os
from pathlib import Path

import pytest

from dbsync.errors import UsageError
from dbsync.tasks.files import same, save


def test_a_new_file_and_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "schema.svg"
    save("Größe\n", path)
    assert path.read_bytes() == "Größe\n".encode()
    assert same("Größe\n", path)
    assert [*path.parent.iterdir()] == [path]


def test_what_is_the_same_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a"
    save("text", path)
    os.utime(path, (1, 1))
    save("text", path)
    assert path.stat().st_mtime == 1


def test_the_mode_and_a_link_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "a", tmp_path / "link"
    path.write_bytes(b"\xff")
    path.chmod(0o640)
    link.symlink_to("a")
    save("text", link)
    assert (path.read_text(), path.stat().st_mode & 0o777, link.is_symlink()) == ("text", 0o640, True)


def test_what_cannot_be_written_stays_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_text("before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copymode", full)
    with pytest.raises(UsageError, match="a cannot be written: No space left on device"):
        save("after", path)
    assert (path.read_text(), [*tmp_path.iterdir()]) == ("before", [path])


def test_a_device(tmp_path: Path) -> None:
    save("text", Path(os.devnull))
    assert not Path(os.devnull).is_file()
    with pytest.raises(UsageError, match="cannot be written: Is a directory"):
        save("text", tmp_path)
