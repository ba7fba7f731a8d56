"""Which files a schema file reaches."""

import os
import socket
from pathlib import Path

import pytest

from dbsync.errors import SchemaError
from dbsync.load import reach
from dbsync.load.reach import Reach
from dbsync.load.script import read_script

SECRET = "db.example.com:5432:shop:owner:hunter2\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a schema file, beside which lies what is none of its business."""
    (tmp_path / "secret").write_text(SECRET)
    found = tmp_path / "project"
    found.mkdir()
    return found


def load(project: Path, text: str, *include_path: Path) -> list[str]:
    (project / "schema.sql").write_text(text)
    return [one.sql for one in read_script(project / "schema.sql", include_path).statements]


def refused(project: Path, text: str, *include_path: Path) -> str:
    with pytest.raises(SchemaError) as caught:
        load(project, text, *include_path)
    assert "hunter2" not in str(caught.value)
    assert "--> " in (caught.value.excerpt or ""), "the include itself is shown"
    return str(caught.value)


def test_files_outside_are_not_read(project: Path) -> None:
    for text in ("\\i ../secret", "\\ir ../secret", f"\\i {project.parent}/secret", "\\ir sub/../../secret"):
        (project / "sub").mkdir(exist_ok=True)
        assert "outside of" in refused(project, text)
    # What is there and what is not sounds the same.
    assert "outside of" in refused(project, "\\i ../nothing")


def test_links_out_of_the_folder(project: Path) -> None:
    (project / "file.sql").symlink_to(project.parent / "secret")
    (project / "folder").symlink_to(project.parent)
    assert "file.sql is a link that leads outside of" in refused(project, "\\ir file.sql")
    assert "is a link that leads outside of" in refused(project, "\\ir folder/secret")
    (project / "chain.sql").symlink_to("file.sql")
    assert "is a link that leads outside of" in refused(project, "\\ir chain.sql")
    (project / "loop.sql").symlink_to("loop.sql")
    assert "loop.sql is a link that leads to no file" in refused(project, "\\ir loop.sql")


def test_links_within_the_folder(project: Path) -> None:
    (project / "real").mkdir()
    (project / "real" / "a.sql").write_text("select 1;")
    (project / "b.sql").symlink_to("real/a.sql")
    (project / "folder").symlink_to("real")
    assert load(project, "\\ir b.sql\n\\ir folder/a.sql\n") == ["select 1", "select 1"]


def test_the_schema_file_itself_is_no_link_that_leads_out(project: Path) -> None:
    (project / "schema.sql").symlink_to(project.parent / "secret")
    with pytest.raises(SchemaError, match="is a link that leads outside of") as caught:
        read_script(project / "schema.sql")
    assert "hunter2" not in str(caught.value)
    # A project that is reached through a link is itself all the same.
    (project / "own.sql").write_text("select 1;")
    (project.parent / "link").symlink_to(project)
    assert read_script(project.parent / "link" / "own.sql").statements


def test_folders_that_are_named(project: Path) -> None:
    shared = project.parent / "shared"
    shared.mkdir()
    (shared / "a.sql").write_text("select 1;\n\\ir b.sql")
    (shared / "b.sql").write_text("select 2;")
    (shared / "out.sql").symlink_to(project.parent / "secret")
    assert load(project, "\\ir ../shared/a.sql", shared) == ["select 1", "select 2"]
    (project / "c.sql").symlink_to(shared / "b.sql")
    assert load(project, "\\ir c.sql", shared) == ["select 2"]
    assert "outside of" in refused(project, "\\ir ../shared/a.sql")
    assert "outside of" in refused(project, "\\ir ../shared/out.sql", shared)


def test_a_name_that_only_begins_alike_is_outside(project: Path) -> None:
    other = project.parent / "project2"
    other.mkdir()
    (other / "a.sql").write_text("select 1;")
    assert "outside of" in refused(project, "\\ir ../project2/a.sql")


@pytest.mark.parametrize("name", [".pgpass", ".git/config", "sub/.env"])
def test_hidden_files(project: Path, name: str) -> None:
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_text(SECRET)
    assert "is hidden" in refused(project, f"\\ir {name}")
    if (project / name).name.startswith("."):
        with pytest.raises(SchemaError, match="is hidden"):
            read_script(project / name)


def test_a_named_folder_may_be_hidden(project: Path) -> None:
    hidden = project / ".shared"
    hidden.mkdir()
    (hidden / "a.sql").write_text("select 1;")
    assert load(project, "\\ir .shared/a.sql", hidden) == ["select 1"]


def test_only_regular_files(project: Path) -> None:
    os.mkfifo(project / "pipe.sql")
    assert "is a named pipe" in refused(project, "\\ir pipe.sql")
    with socket.socket(socket.AF_UNIX) as one:
        os.chdir(project)
        one.bind("socket.sql")
    assert "is a socket" in refused(project, "\\ir socket.sql")
    (project / "folder.sql").mkdir()
    assert "is a folder" in refused(project, "\\ir folder.sql")
    # Even where a folder with devices is named.
    assert "is a device" in refused(project, "\\i /dev/zero", Path("/dev"))
    assert "outside of" in refused(project, "\\i /dev/zero")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc here")
def test_files_of_the_kernel(project: Path) -> None:
    assert "not as long as it says" in refused(project, "\\i /proc/self/environ", Path("/proc"))
    with pytest.raises(SchemaError, match="not as long as it says"):
        read_script(Path("/proc/self/environ"))


def test_a_link_put_in_place_after_the_look(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may write there swaps the file, or a folder on its way, between the comparison and the opening."""
    (project / "sub").mkdir()
    real = os.path.realpath(project / "sub" / "one.sql")
    for swapped in (project / "sub" / "one.sql", project / "sub"):

        def resolved(path: object) -> str:
            return real if str(path).endswith("one.sql") else os.path.normpath(str(path))

        if swapped.is_dir():
            (swapped / "one.sql").unlink()
            swapped.rmdir()
            swapped.symlink_to(project.parent)
            (project.parent / "one.sql").write_text(SECRET)
        else:
            swapped.symlink_to(project.parent / "secret")
        with monkeypatch.context() as patch:
            patch.setattr(os.path, "realpath", resolved)
            message = refused(project, "\\ir sub/one.sql")
        assert "cannot be read" in message or "is a link that leads to no file" in message


def test_sizes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "LARGEST_FILE", 100)
    monkeypatch.setattr(reach, "LARGEST_SUM", 300)
    (project / "a.sql").write_text("select 1;".ljust(100))
    assert load(project, "\\ir a.sql\n\\ir a.sql\n") == ["select 1"] * 2
    assert "more than 0 MB in all" in refused(project, "\\ir a.sql\n" * 4)
    (project / "a.sql").write_text("select 1;".ljust(101))
    assert "a.sql has 0 MB, more than the 0 MB that are read" in refused(project, "\\ir a.sql")


def test_a_sparse_file_is_not_read(project: Path) -> None:
    with (project / "large.sql").open("wb") as file:
        file.truncate(10**12)
    assert "large.sql has 953,674 MB, more than the 64 MB that are read" in refused(project, "\\ir large.sql")


def test_numbers(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "MOST_FILES", 5)
    (project / "a.sql").write_text("select 1;")
    assert len(load(project, "\\ir a.sql\n" * 4)) == 4
    assert "more than 5 files read" in refused(project, "\\ir a.sql\n" * 5)


def test_depth(project: Path) -> None:
    for number in range(1, 101):
        (project / f"{number}.sql").write_text(f"\\ir {number + 1}.sql")
    (project / "100.sql").write_text("select 1;")
    (project / "99.sql").write_text("select 1;")
    assert load(project, "\\ir 1.sql") == ["select 1"]
    (project / "99.sql").write_text("\\ir 100.sql")
    assert "more than 100 files include one another" in refused(project, "\\ir 1.sql")


def test_a_file_that_grows_while_it_is_read(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = project / "schema.sql"
    path.write_text("select 1;")
    read = os.read

    def growing(descriptor: int, size: int) -> bytes:
        with path.open("a") as file:
            file.write("select 2;")
        return read(descriptor, size)

    monkeypatch.setattr(os, "read", growing)
    with pytest.raises(SchemaError, match="it changed while it was read"):
        Reach(path).read(path)
