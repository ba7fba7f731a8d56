"""Options that a server keeps for itself, as Debian's 15.20 its `pg_attver` of columns, are no part of a schema."""

import re

import pytest

from dbsync.kinds._reloptions import SETTABLE
from dbsync.load.marks import without
from dbsync.model.outcome import Observer
from dbsync.pg.connect import connect
from dbsync.scratch.binaries import Installation
from dbsync.tasks import apply, check
from dbsync.tasks.plan import opened, save
from dbsync.tasks.plan import plan as planned
from tests.plugins.project import Project

SCHEMA = """
create table t (id int primary key, name text not null, body text, unique (name) with (fillfactor = 60));
alter table t set (fillfactor = 70, toast.autovacuum_enabled = off), alter name set (n_distinct = 5);
create table p (id int, part int) partition by list (part);
create table p1 partition of p for values in (1);
create index by_name on t (lower(name)) with (fillfactor = 50) where name <> '';
create index by_body on t using gin (to_tsvector('simple', body));
create view v with (security_barrier = true) as select id, name from t where id > 0 with local check option;
create materialized view m with (fillfactor = 80) as select id, name from t;
alter materialized view m alter name set (n_distinct = -0.5);
create index on m (id);
create type pair as (a int, b text);
"""
MARK = """
set allow_system_table_mods = on;
update pg_attribute set attoptions = '{{server_mark={0}}}' || coalesce(attoptions, '{{}}') || '{{other_mark={0}}}'
where attrelid >= 16384 and attnum > 0 and attrelid in (select oid from pg_class where relkind = any ('{{r,p,v,m,c}}'));
update pg_class set reloptions = '{{server_mark={0}}}' || coalesce(reloptions, '{{}}') || '{{other={0}}}'
where oid >= 16384 and relkind = any ('{{r,i,v,m,t}}');
reset allow_system_table_mods;
"""
NEW_MARK = """
set allow_system_table_mods = on;
update pg_attribute set attoptions = array(
    select regexp_replace(o, '(mark)=.*', '\\1={0}') from unnest(attoptions) o) where attoptions is not null;
reset allow_system_table_mods;
"""


@pytest.fixture
def marked(project: Project) -> Project:
    """A project whose live database is what its file says, with marks of its server wherever options are kept."""
    project.write(schema=SCHEMA)
    project.run(SCHEMA)
    project.run(MARK.format(7040952))
    return project


def test_marks_are_no_difference(marked: Project) -> None:
    plan = marked.plan()
    assert (plan.empty, plan.proof.witness) == (True, "pg_dump")
    (note,) = (one for one in plan.notes if one.startswith("not compared: "))
    named = note.removeprefix("not compared: ").partition(", which the live database's server keeps for itself")[0]
    # A server may have marks of its own beside these.
    assert {"other", "other_mark", "server_mark"} <= set(named.split(", "))
    assert [one.text for one in check.check(marked.config(), Observer()).findings if one.state == "bad"] == []


@pytest.mark.parametrize("author", ["dbsync", "migra"])
def test_everything_beside_them_changes(marked: Project, author: str) -> None:
    changed = SCHEMA.replace("body text,", "body text, more int,").replace("name text not null", "name text")
    marked.write(schema=changed.replace("where name <> ''", "").replace("where id > 0", "where id > 1"))
    plan = marked.settled(author=author)
    assert not any("mark" in one.step.sql for one in plan.steps)
    where = "attrelid = 'public.t'::regclass and attname = 'name'"
    options = marked.rows(f"select attoptions from pg_attribute where {where}")
    assert {"server_mark=7040952", "n_distinct=5"} <= set(options[0][0])
    marked.undo()
    marked.write(schema=SCHEMA)
    assert marked.plan().empty


def test_one_that_moves_is_no_change(marked: Project) -> None:
    """A saved plan holds although the server has moved its marks since, and so does the history."""
    marked.write(schema=SCHEMA + "create table later (id int);")
    file = marked.folder / "plan.json"
    save(planned(marked.config(), Observer()), file)
    marked.run(NEW_MARK.format(7040999))
    assert apply.apply(marked.config(), lambda _: None, Observer(), file) is not None
    assert opened(file).plan.steps
    marked.run(NEW_MARK.format(7050000))
    assert marked.plan().empty
    assert [one.text for one in check.check(marked.config(), Observer()).findings if one.state == "bad"] == []


@pytest.mark.same_major
def test_what_a_server_lets_anyone_set_is_known(project: Project, programs: Installation) -> None:
    """Asked with every word that stands in the server's own program."""
    words = set(re.findall(rb"(?<![A-Za-z_])[a-z][a-z_]{2,39}(?![A-Za-z_])", (programs.bin / "postgres").read_bytes()))
    project.run("create table t (id int, words tsvector); create view v as select * from t")
    project.run("create materialized view m as select * from t")
    project.run("create index b on t (id); create index h on t using hash (id); create index s on t using gist (words)")
    project.run("create index r on t using brin (id); create index g on t using gin (words)")
    project.run("create index k on t using spgist ((id::text))")
    project.run("""
        create function takes(word text, command text) returns bool language plpgsql as $$
        begin
            execute format(command, word);
            -- What is taken and not kept, the server keeps for itself.
            return exists (select from pg_attribute where attoptions::text ~ (word || '=1[,}]'))
                or exists (select from pg_class where reloptions::text ~ (word || '=1[,}]'));
        exception when others then
            return sqlerrm !~ '^unrecognized parameter' and sqlerrm !~ '^RESET must not';
        end $$""")
    commands = [
        f"alter {what} set (%I = 1)" for what in ("table t", "table t alter id", "materialized view m", "view v")
    ]
    commands += [f"alter index {name} set (%I = 1)" for name in "bhsrgk"]
    found: set[str] = set()
    for command in commands:
        query = "select word from unnest(%s::text[]) word where public.takes(word, %s)"
        with connect(project.target) as session:
            session.execute("set search_path = public")
            session.execute("begin")
            found |= {word for (word,) in session.execute(query, [[one.decode() for one in sorted(words)], command])}
            session.execute("rollback")
    assert found - set(SETTABLE) == set()
    assert {"n_distinct", "fillfactor", "pages_per_range", "security_barrier", "user_catalog_table"} <= found


def test_a_dump_without_marks() -> None:
    text = """--
-- Name: t; Type: TABLE
--

CREATE TABLE public."t)" (
    a integer DEFAULT 'mark=1'
)
WITH (mark='1');
ALTER TABLE ONLY public."t)" ALTER COLUMN a SET (mark=12, n_distinct=5, "the mark"='x, y');
ALTER TABLE ONLY public."t)" ALTER COLUMN "ü" SET (mark=12);


ALTER TABLE ONLY public."t)" ADD CONSTRAINT k UNIQUE (a) WITH (fillfactor='60', mark='1');
ALTER TABLE ONLY public."t)" ADD CONSTRAINT p PRIMARY KEY (a) WITH (mark='1');
CREATE INDEX i ON public."t)" USING btree (lower(a, b), a) WITH (mark='1', fillfactor='5') WHERE (a = '(mark');
CREATE VIEW public.v WITH (mark='1', security_barrier='true') AS
 SELECT 'mark' AS mark;
"""
    assert without(text, frozenset({"other"})) is text
    cleared = """--
-- Name: t; Type: TABLE
--

CREATE TABLE public."t)" (
    a integer DEFAULT 'mark=1'
);
ALTER TABLE ONLY public."t)" ALTER COLUMN a SET (n_distinct=5);
;


ALTER TABLE ONLY public."t)" ADD CONSTRAINT k UNIQUE (a) WITH (fillfactor='60');
ALTER TABLE ONLY public."t)" ADD CONSTRAINT p PRIMARY KEY (a);
CREATE INDEX i ON public."t)" USING btree (lower(a, b), a) WITH (fillfactor='5') WHERE (a = '(mark');
CREATE VIEW public.v WITH (security_barrier='true') AS
 SELECT 'mark' AS mark;
"""
    assert without(text, frozenset({"mark", "the mark"})) == cleared
