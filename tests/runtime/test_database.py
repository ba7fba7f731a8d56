# ruff: noqa: PT012
"""The synchronous database, on a real one."""

import dataclasses
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from dbsync.errors import ConnectionFailed, UsageError
from dbsync.pg.connect import Target
from dbsync.runtime import Database, Settings, WrongSchema, fingerprint
from dbsync.runtime.synchronous import Connection


@pytest.fixture
def db(database: Target) -> Iterator[Database]:
    with Database(Settings(url=database.conninfo(), max_size=4)) as opened:
        opened.execute("create table t (id int primary key, word text)")
        yield opened


def words(db: Database) -> list[str]:
    return [row["word"] for row in db.query("select word from t order by id")]


@dataclasses.dataclass
class Word:
    id: int
    word: str


def test_query(db: Database) -> None:
    assert db.execute("insert into t values (1, 'one'), (2, 'two')") == 2
    assert db.query("select * from t where id > %s order by id", [1]) == [{"id": 2, "word": "two"}]
    assert db.query("select * from t where id = %(id)s", {"id": 1}, row=Word) == [Word(1, "one")]
    assert db.query("insert into t values (3, 'three') returning word") == [{"word": "three"}]
    assert db.query("delete from t") == []


def test_from_the_environment(database: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database.conninfo())
    db = Database()
    assert db.query("select current_database() as name") == [{"name": database.parameters["dbname"]}]
    assert db.query("select current_setting('application_name') as name") == [{"name": "dbsync.runtime"}]
    db.close()


def test_transaction(db: Database) -> None:
    with db.transaction():
        db.execute("insert into t values (1, 'one')")
        with Database(db.settings) as other:
            assert words(other) == []
    assert words(db) == ["one"]


def test_an_error_rolls_back(db: Database) -> None:
    with pytest.raises(RuntimeError), db.transaction():
        db.execute("insert into t values (1, 'one')")
        raise RuntimeError
    assert words(db) == []


def test_nested(db: Database) -> None:
    with db.transaction():
        db.execute("insert into t values (1, 'one')")
        with pytest.raises(psycopg.errors.UniqueViolation), db.transaction():
            db.execute("insert into t values (2, 'two')")
            db.execute("insert into t values (1, 'again')")
        with db.transaction(), db.transaction():
            db.execute("insert into t values (3, 'three')")
    assert words(db) == ["one", "three"]
    with pytest.raises(RuntimeError), db.transaction():
        with db.transaction():
            db.execute("insert into t values (4, 'four')")
        raise RuntimeError
    assert words(db) == ["one", "three"]


def test_isolation(db: Database) -> None:
    with db.transaction(isolation="serializable", read_only=True):
        assert db.query("show transaction_isolation") == [{"transaction_isolation": "serializable"}]
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), db.transaction():
            db.execute("insert into t values (1, 'one')")
        with pytest.raises(UsageError, match="nested"), db.transaction(isolation="serializable"):
            pass


def test_another_thread_is_not_in_the_transaction(db: Database) -> None:
    seen: list[list[str]] = []
    with db.transaction():
        db.execute("insert into t values (1, 'one')")
        import contextvars

        context = contextvars.copy_context()
        thread = threading.Thread(target=lambda: seen.append(context.run(words, db)))
        thread.start()
        thread.join()
    assert seen == [[]]


def test_serialization_failures_are_tried_again(db: Database) -> None:
    db.execute("insert into t values (1, '0')")
    barrier, tried = threading.Barrier(2), []

    def add(connection: Connection) -> None:
        tried.append(threading.get_ident())
        row = connection.execute("select word from t where id = 1").fetchone()
        assert row is not None
        if len(tried) <= 2:
            barrier.wait(5)
        connection.execute("update t set word = %s where id = 1", [str(int(row["word"]) + 1)])

    threads = [threading.Thread(target=lambda: db.run(add, isolation="serializable")) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (words(db), len(tried)) == (["2"], 3)


def test_only_so_often(db: Database) -> None:
    tried = []

    def fail(connection: Connection) -> None:
        tried.append(1)
        connection.execute("do $$ begin raise serialization_failure; end $$")

    with pytest.raises(psycopg.errors.SerializationFailure):
        db.run(fail, retries=2)
    with pytest.raises(psycopg.errors.SerializationFailure), db.transaction():
        db.run(fail, retries=2)
    assert len(tried) == 3 + 1


def test_other_errors_are_not_tried_again(db: Database) -> None:
    tried = []

    def fail(connection: Connection) -> None:
        tried.append(1)
        connection.execute("select 1/0")

    with pytest.raises(psycopg.errors.DivisionByZero):
        db.run(fail)
    assert len(tried) == 1


def test_a_connection_that_breaks_is_tried_again(db: Database) -> None:
    tried = []

    def work(connection: Connection) -> int:
        tried.append(1)
        if len(tried) == 1:
            connection.execute("select pg_terminate_backend(pg_backend_pid())")
        return len(tried)

    assert db.run(work) == 2


def test_exhausted(database: Target) -> None:
    with Database(Settings(url=database.conninfo(), max_size=2, timeout=0.2)) as db:
        with db.connection(), db.connection():
            with pytest.raises(ConnectionFailed, match=r"all 2 are in use") as caught:
                db.query("select 1")
            assert "max_size" in str(caught.value)
            assert not db.health(0.1).ok
        assert db.query("select 1 as one") == [{"one": 1}]


def test_64_threads_share_20_connections(database: Target) -> None:
    with Database(Settings(url=database.conninfo())) as db:
        db.execute("create table hits (thread int)")
        most = []

        def work(number: int) -> None:
            for _ in range(10):
                with db.transaction():
                    db.execute("insert into hits values (%s)", [number])
                    most.append(len(db._lent))

        threads = [threading.Thread(target=work, args=[number]) for number in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert db.query("select count(*), count(distinct thread) as threads from hits") == [
            {"count": 640, "threads": 64}
        ]
        assert 1 < max(most) <= 20


def test_close(database: Target) -> None:
    db = Database(Settings(url=database.conninfo()))
    db.close()
    with pytest.raises(UsageError, match="closed"):
        db.query("select 1")
    db.open()
    assert db.query("select 1 as one") == [{"one": 1}]
    db.close()
    db.close()
    with psycopg.connect(database.conninfo()) as admin:
        count = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        row = None
        for _ in range(50):
            row = admin.execute(count).fetchone()
            admin.commit()
            if row == (0,):
                break
            time.sleep(0.05)
        assert row == (0,)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="os.fork")
def test_fork(database: Target) -> None:
    program = """
import os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from dbsync.runtime import Database, Settings
db = Database(Settings(url=sys.argv[1]))
pid = "select pg_backend_pid() as pid"
parents = db.query(pid)[0]["pid"]
child = os.fork()
if child == 0:
    own = db.query(pid)[0]["pid"]
    db.close()
    os._exit(0 if own != parents else 1)
assert os.waitpid(child, 0)[1] == 0
assert db.query("select 1 as one") == [{"one": 1}]
db.close()
"""
    subprocess.run([sys.executable, "-c", program, database.conninfo()], check=True, timeout=30)


def test_health(db: Database) -> None:
    found = db.health()
    assert (found.ok, found.problem) == (True, None)
    assert (found.server or "").startswith("PostgreSQL ")
    assert found.connections >= 1


def test_no_server(tmp_path: object) -> None:
    url = f"postgresql://app:hush-hush@/shop?host={tmp_path}"
    db = Database(Settings(url=url, timeout=0.5))
    with pytest.raises(ConnectionFailed, match="Cannot connect to database shop") as caught:
        db.query("select 1")
    found = db.health()
    assert not found.ok
    for text in (str(caught.value), repr(db), repr(db.settings), str(found)):
        assert "hush-hush" not in text


def test_the_log_holds_no_values(db: Database, caplog: pytest.LogCaptureFixture) -> None:
    db.execute("insert into t values (1, 'secret-0')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        db.execute("insert into t (id, word) values (%s, 'secret-1')", [1])
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        db.execute("select %s::int", ["secret-2"])
    with pytest.raises(psycopg.errors.UndefinedTable), db.connection() as connection:
        connection.cursor().executemany("insert into nowhere values (%s)", [["secret-3"]])
    text = caplog.text
    assert "UniqueViolation 23505 (public.t.t_pkey)" in text
    assert "insert into t (id, word) values (%s, ?)" in text
    assert "InvalidTextRepresentation" in text
    assert "nowhere" in text
    assert "secret" not in text
    assert all("secret" not in str(vars(record)) for record in caplog.records)


def test_slow_queries_are_logged(database: Target, caplog: pytest.LogCaptureFixture) -> None:
    with Database(Settings(url=database.conninfo(), slow=0.05)) as db:
        db.query("select 1")
        assert not caplog.records
        db.query("select pg_sleep(%s), 'secret'", [0.1])
        (record,) = caplog.records
        assert record.levelno == logging.WARNING
        assert record.getMessage().startswith("slow: 1")
        assert record.getMessage().endswith("select pg_sleep(%s), ?")


def test_jsonb(db: Database) -> None:
    assert db.query("select %s as value, pg_typeof(%s)::text as type", [{"a": 1}, {}]) == [
        {"value": {"a": 1}, "type": "jsonb"}
    ]


def test_the_schema_that_it_was_built_for(database: Target, caplog: pytest.LogCaptureFixture) -> None:
    with psycopg.connect(database.conninfo(), autocommit=True) as admin:
        admin.execute("create table t (id int, word varchar(10)); create schema other; create type mood as enum ('a')")
        known = fingerprint(admin)
        assert fingerprint(admin, ["public"]) == known
        wanted = Settings(url=database.conninfo(), fingerprint=known)
        # What an application does not see, and other schemas, are no reason to refuse.
        admin.execute("create index on t (id); alter table t add check (id > 0); create table other.o (id int)")
        Database(wanted).open().close()
        for change, back in (
            ("alter table t add more int", "alter table t drop more"),
            ("alter table t alter word type varchar(11)", "alter table t alter word type varchar(10)"),
            ("alter table t alter word set not null", "alter table t alter word drop not null"),
            ("alter table t alter word set default 'x'", "alter table t alter word drop default"),
            ("alter type mood rename value 'a' to 'b'", "alter type mood rename value 'b' to 'a'"),
            ("create view v as select 1 as one", "drop view v"),
            ("alter table t rename to u", "alter table u rename to t"),
        ):
            admin.execute(change.encode())
            with pytest.raises(WrongSchema, match="built for") as caught:
                Database(wanted).query("select 1")
            assert "dbsync plan" in str(caught.value)
            admin.execute(back.encode())
            Database(wanted).open().close()
        admin.execute("alter table t add more int")
    with Database(dataclasses.replace(wanted, mismatch="warn")) as db:
        assert db.query("select 1 as one") == [{"one": 1}]
    assert "does not have the schema" in caplog.text


def test_the_order_of_columns_does_not_count(make_database: object) -> None:
    found = []
    for columns in ("a int, b text", "b text, gone int, a int"):
        target = make_database()  # type: ignore[operator]
        with psycopg.connect(target.conninfo(), autocommit=True) as admin:
            admin.execute(f"create table t ({columns}); alter table t drop if exists gone".encode())
            found.append(fingerprint(admin))
    assert found[0] == found[1]


def test_impossible_sizes() -> None:
    with pytest.raises(UsageError, match="5 to 4"):
        Settings(min_size=5, max_size=4)


def test_the_import_is_light() -> None:
    program = "import sys, dbsync.runtime; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"click", "rich", "migra", "postgast", "google", "sqlalchemy", "platformdirs"} & set(found)
