"""Views, rules, routines, triggers, policies and extended statistics: read, made, changed in place, dropped."""

from collections.abc import Mapping
from typing import Any

import psycopg
import pytest

from dbsync.kinds import KINDS
from dbsync.kinds._expression import enclosed
from dbsync.model.objects import Id, Object

CODE = (
    "view", "view default", "materialized view", "rule", "function", "procedure", "aggregate", "trigger",
    "event trigger", "policy", "statistics",
)  # fmt: skip

BASE = """
    create table t (a int primary key, b text, c varchar(20) collate "C");
    create table u (a int, "B b" text);
    create table p (a int, b text) partition by range (a);
    create table p1 partition of p for values from (0) to (10);
    create table p2 partition of p for values from (10) to (20);
    create function g() returns trigger language plpgsql as 'begin return new; end';
    create function h() returns trigger language plpgsql as 'begin return null; end';
    create function e() returns event_trigger language plpgsql as 'begin end';
    create foreign data wrapper w;
    create server s foreign data wrapper w;
    create foreign table ft (a int) server s;
"""


@pytest.fixture
def connection(transaction: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    transaction.execute("set check_function_bodies = off")
    transaction.execute("create schema code")
    transaction.execute("set search_path = code")
    transaction.execute(BASE)
    return transaction


def frozen(value: Any) -> Any:
    return tuple(map(frozen, value)) if isinstance(value, list) else value


def read(connection: psycopg.Connection[Any]) -> Mapping[Id, Object]:
    connection.execute("set search_path = ''")
    found: dict[Id, Object] = {}
    for kind in CODE:
        cursor = connection.execute(KINDS[kind].read(connection.info.server_version))
        names = [column.name for column in cursor.description or ()]
        for row in cursor:
            record = dict(zip(names, map(frozen, row), strict=True))
            del record["oid"]
            thing = KINDS[kind](**record)
            if thing.path[0] == "code" or not thing.in_schema:
                found[thing.id] = thing
    connection.execute("set search_path = code")
    return found


def state(connection: psycopg.Connection[Any], script: str) -> Mapping[Id, Object]:
    connection.execute("savepoint state")
    connection.execute(script)
    found = read(connection)
    connection.execute("rollback to savepoint state")
    return found


def run(connection: psycopg.Connection[Any], statements: list[str]) -> None:
    connection.execute("set search_path = ''")
    for statement in statements:
        connection.execute(statement)
    connection.execute("set search_path = code")


ONE = {
    "view": "create view v as select a, b from t",
    "view with options": "create view v with (security_barrier, security_invoker=on) as select * from t",
    "view with local check": "create view v as select * from t where a > 0 with local check option",
    "view with check and barrier": "create view v with (security_barrier) as select * from t with check option",
    "view with other names": 'create view v ("X y", "select") as select a, b from t',
    "view of values": "create view v as values (1, 'a'), (2, 'b')",
    "view of a union": "create view v (x) as select a from t union all select a from u order by 1",
    "view without columns": "create view v as select from t",
    "view without name": "create view v as select 'it''s; '",
    "recursive view": "create recursive view v (i) as values (1) union all select i + 1 from v where i < 9",
    "quoted view": 'create view "V;v" as select "B b" from u',
    "view default": "create view v as select a, b from t;"
    "alter view v alter b set default 'x;y', alter a set default 1",
    "materialized view": "create materialized view m as select a, b, c from t",
    "unfilled materialized view": "create materialized view m (x) as select a from t with no data",
    "tuned materialized view": """
        create materialized view m with (fillfactor=70, toast.autovacuum_enabled=off,
            autovacuum_vacuum_scale_factor=0.5) as select a, b, c from t;
        alter materialized view m alter b set statistics 50, alter b set (n_distinct=-0.5, n_distinct_inherited=3),
            alter b set storage external, alter c set compression pglz""",
    "rule": "create rule r as on insert to t do also (insert into u values (new.a, ';'); notify x;)",
    "rule with state": "create rule r as on update to t do instead nothing; alter table t enable always rule r",
    "disabled rule": 'create rule "R r" as on update to t do instead nothing; alter table t disable rule "R r"',
    "rule on a view": """create view v as select * from t;
        create rule r as on delete to v do instead delete from t where a = old.a returning old.a, old.b, old.c""",
    "function": "create function f(x int, y text default ';') returns text language sql as $$ select 'a;'; $$",
    "function with everything": r"""create function "F f"(inout x int, out y text, variadic z numeric[] default '{}')
        language plpgsql stable strict security definer leakproof parallel safe cost 7
        set search_path = code, "B b" set work_mem = '1MB' as $f$ begin y := E'$$\n'; end $f$""",
    "function of a table": "create function f() returns table (a int, b text) language sql rows 7 as 'select 1, null'",
    "function of a row": "create function f(x t, y p[]) returns setof t language sql as 'select x'",
    "function in C": "create function f(int) returns int language internal immutable as 'int4um'",
    "window function": "create function f() returns bigint language internal window as 'window_row_number'",
    "function with a parsed body": "create function f(x int) returns int begin atomic select x + a from t; end",
    "function with RETURN": "create function f(x int) returns int return x + 1",
    "polymorphic function": "create function f(x anyelement, y anyarray = '{1}'::int[]) returns anyelement"
    " language sql as 'select x'",
    "procedure": "create procedure f(x int, inout y text, out z int) language sql as 'select $2, 1'",
    "overloaded procedure": "create procedure f(x int, y int) language sql as ''",
    "aggregate": "create aggregate f(int) (sfunc = int4pl, stype = int, initcond = '0')",
    "aggregate of all": "create aggregate f(*) (sfunc = int8inc, stype = int8, initcond = 0, parallel = safe)",
    "aggregate with everything": """
        create function fin(internal, numeric) returns numeric language internal immutable as 'numeric_avg';
        create aggregate f(x numeric) (sfunc = numeric_avg_accum, stype = internal, sspace = 100,
            finalfunc = fin, finalfunc_extra, finalfunc_modify = shareable, combinefunc = numeric_avg_combine,
            serialfunc = numeric_avg_serialize, deserialfunc = numeric_avg_deserialize,
            msfunc = numeric_avg_accum, minvfunc = numeric_accum_inv, mstype = internal, msspace = 50,
            mfinalfunc = fin, mfinalfunc_extra, mfinalfunc_modify = read_write, parallel = restricted)""",
    "aggregate with a moving state": r"""create aggregate f(int) (sfunc = int4pl, stype = int, msfunc = int4pl,
        minvfunc = int4mi, mstype = int, initcond = '1', minitcond = '2')""",
    "aggregate with an operator": "create aggregate f(int) (sfunc = int4larger, stype = int, sortop = operator(>))",
    "ordered-set aggregate": """create aggregate f(x float8 order by y anyelement) (sfunc = ordered_set_transition,
        stype = internal, finalfunc = percentile_disc_final, finalfunc_extra)""",
    "hypothetical-set aggregate": """create aggregate f(variadic "any" order by variadic "any") (
        sfunc = ordered_set_transition_multi, stype = internal, finalfunc = rank_final,
        finalfunc_extra, hypothetical)""",
    "variadic aggregate": "create function tf(int, variadic int[]) returns int language sql as 'select 1';"
    "create aggregate f(variadic int[]) (sfunc = tf, stype = int)",
    "trigger": "create trigger x before insert or update of a, b on t for each row when (new.a > 1)"
    " execute function g()",
    "trigger with arguments": """create trigger "X x" after delete on t referencing old table as o
        for each statement execute function g('a', 'it''s')""",
    "trigger with state": "create trigger x before insert on t for each row execute function g();"
    "alter table t enable replica trigger x",
    "constraint trigger": """create constraint trigger x after insert on t from u deferrable initially deferred
        for each row execute function g()""",
    "trigger on a view": "create view v as select * from t;"
    "create trigger x instead of insert on v for each row execute function g()",
    "trigger on a foreign table": "create trigger x before insert on ft for each row execute function g();"
    "alter foreign table ft disable trigger x",
    "trigger of a partitioned table": "create trigger x before insert on p for each row execute function g();"
    "alter table p disable trigger x",
    "partition's own state": "create trigger x before insert on p for each row execute function g();"
    "alter table p1 enable always trigger x",
    "event trigger": "create event trigger code_x on ddl_command_end when tag in ('DROP TABLE', 'ALTER TABLE')"
    " execute function e(); alter event trigger code_x disable",
    "policy": "create policy x on t",
    "policy with everything": """create policy "X x" on t as restrictive for update to current_user, pg_monitor
        using (a > 1 or b = ')') with check (exists (select from u where u.a = t.a))""",
    "policy on a subquery": "create policy x on t for select using ((select true from u limit 1))",
    "policy with one word": "create policy x on t for delete using (true)",
    "statistics": "create statistics x on a, b from t",
    "statistics with target": "create statistics x (ndistinct, mcv) on a, (lower(b)), (a + 1) from t;"
    "alter statistics x set statistics 300",
    "statistics of a materialized view": "create materialized view m as select a, b from t;"
    "create statistics x (dependencies) on a, b from m",
}  # fmt: skip


@pytest.mark.parametrize("script", ONE.values(), ids=ONE.keys())
def test_dropped_and_made_again_it_is_the_same(connection: psycopg.Connection[Any], script: str) -> None:
    base = read(connection)
    connection.execute(script)
    found = read(connection)
    new = [found[one] for one in found.keys() - base.keys()]
    assert new
    last = {"trigger": 2, "rule": 2, "statistics": 2, "aggregate": 2, "view default": 2}
    new.sort(key=lambda thing: (last.get(thing.kind, 1), bool(list(thing.implied_by()))))
    run(connection, [step.sql for thing in reversed(new) for step in thing.drop()])
    assert read(connection) == base
    run(connection, [step.sql for thing in new for step in thing.create()])
    assert read(connection) == found


def case(before: str, after: str, *steps: str) -> tuple[str, str, tuple[str, ...]]:
    return before, after, steps


F = "create function f"
A = "create aggregate f"
SF = "create function sf(float8, text) returns float8 language sql as ''"
FF = "create function ff(int) returns text language sql as ''"

IN_PLACE = {
    "view: query": case(
        "create view v with (security_barrier) as select a from t",
        "create view v with (security_barrier) as select a from t where a > 0",
        "CREATE OR REPLACE VIEW code.v WITH (security_barrier = true) AS\n SELECT a\n   FROM code.t\n  WHERE (a > 0)",
    ),
    "view: column added": case(
        "create view v as select a from t where a > 0 with local check option",
        "create view v as select a, b from t where a > 0 with check option",
        "CREATE OR REPLACE VIEW code.v AS\n SELECT a,\n    b\n   FROM code.t\n  WHERE (a > 0)\n"
        "  WITH CASCADED CHECK OPTION",
    ),
    "view: options": case(
        "create view v with (security_barrier) as select a from t",
        "create view v with (security_invoker=on) as select a from t with local check option",
        "ALTER VIEW code.v RESET (security_barrier)",
        "ALTER VIEW code.v SET (security_invoker = on, check_option = local)",
    ),
    "view: options and query": case(
        "create view v with (security_barrier) as select a from t with check option",
        "create view v as select a from t limit 1",
        "CREATE OR REPLACE VIEW code.v AS\n SELECT a\n   FROM code.t\n LIMIT 1",
    ),
    "view default": case(
        "create view v as select a from t; alter view v alter a set default 1",
        "create view v as select a from t; alter view v alter a set default 2",
        "ALTER VIEW code.v ALTER COLUMN a SET DEFAULT 2",
    ),
    "materialized view: options": case(
        "create materialized view m with (fillfactor=70) as select a, b from t",
        """create materialized view m with (toast.autovacuum_enabled=off) as select a, b from t;
           alter materialized view m alter b set statistics 5, alter b set storage main, alter b set (n_distinct=3)""",
        "ALTER MATERIALIZED VIEW code.m RESET (fillfactor)",
        "ALTER MATERIALIZED VIEW code.m SET (toast.autovacuum_enabled = off)",
        "ALTER MATERIALIZED VIEW code.m ALTER COLUMN b SET STATISTICS 5",
        "ALTER MATERIALIZED VIEW code.m ALTER COLUMN b SET STORAGE MAIN",
        "ALTER MATERIALIZED VIEW code.m ALTER COLUMN b SET (n_distinct = 3)",
    ),
    "materialized view: back to the usual": case(
        """create materialized view m as select a, b from t;
           alter materialized view m alter b set statistics 5, alter b set storage main, alter b set (n_distinct=3)""",
        "create materialized view m as select a, b from t",
        "ALTER MATERIALIZED VIEW code.m ALTER COLUMN b SET STATISTICS -1",
        "ALTER MATERIALIZED VIEW code.m ALTER COLUMN b SET STORAGE EXTENDED",
        "ALTER MATERIALIZED VIEW code.m ALTER COLUMN b RESET (n_distinct)",
    ),
    "materialized view: filled": case(
        "create materialized view m as select a from t with no data",
        "create materialized view m as select a from t",
        "REFRESH MATERIALIZED VIEW code.m",
    ),
    "materialized view: emptied": case(
        "create materialized view m as select a from t",
        "create materialized view m as select a from t with no data",
        "REFRESH MATERIALIZED VIEW code.m WITH NO DATA",
    ),
    "rule": case(
        "create rule r as on insert to t do also notify x; alter table t disable rule r",
        "create rule r as on update to t do instead nothing; alter table t disable rule r",
        "CREATE OR REPLACE RULE r AS\n    ON UPDATE TO code.t DO INSTEAD NOTHING",
    ),
    "rule: state": case(
        "create rule r as on insert to t do also notify x; alter table t disable rule r",
        "create rule r as on insert to t do also notify x",
        "ALTER TABLE code.t ENABLE RULE r",
    ),
    "function: body": case(
        f"{F}(x int) returns int language sql as 'select 1'",
        f"{F}(x int) returns int language sql stable as 'select 2'",
        "CREATE OR REPLACE FUNCTION code.f(x integer)\n RETURNS integer\n LANGUAGE sql\n STABLE\n"
        "AS $function$select 2$function$",
    ),
    "function: default added": case(
        f"{F}(x int, y int) returns int language sql as ''",
        f"{F}(x int, y int = 1) returns int language sql as ''",
        "CREATE OR REPLACE FUNCTION code.f(x integer, y integer DEFAULT 1)\n RETURNS integer\n LANGUAGE sql\n"
        "AS $function$$function$",
    ),
    "function: default changed": case(
        f"{F}(x int = 1) returns int language sql as ''",
        f"{F}(x int = 2) returns int language sql as ''",
        "CREATE OR REPLACE FUNCTION code.f(x integer DEFAULT 2)\n RETURNS integer\n LANGUAGE sql\n"
        "AS $function$$function$",
    ),
    "function: argument named": case(
        f"{F}(int) returns int language sql as ''",
        f"{F}(x int) returns int language sql as ''",
        "CREATE OR REPLACE FUNCTION code.f(x integer)\n RETURNS integer\n LANGUAGE sql\nAS $function$$function$",
    ),
    "function: OUT becomes TABLE": case(
        f"{F}(out a int, out b int) returns setof record language sql as ''",
        f"{F}() returns table (a int, b int) language sql as ''",
        "CREATE OR REPLACE FUNCTION code.f()\n RETURNS TABLE(a integer, b integer)\n LANGUAGE sql\n"
        "AS $function$$function$",
    ),
    "function: single OUT renamed": case(
        f"{F}(out a int) language sql as ''",
        f"{F}(out b int) language sql as ''",
        "CREATE OR REPLACE FUNCTION code.f(OUT b integer)\n RETURNS integer\n LANGUAGE sql\nAS $function$$function$",
    ),
    "procedure": case(
        "create procedure f(x int) language sql as ''",
        "create procedure f(x int) language sql security definer as ''",
        "CREATE OR REPLACE PROCEDURE code.f(IN x integer)\n LANGUAGE sql\n SECURITY DEFINER\nAS $procedure$$procedure$",
    ),
    "aggregate": case(
        f"{A}(int) (sfunc = int4pl, stype = int)",
        f"{A}(int) (sfunc = int4pl, stype = int, initcond = 1)",
        "CREATE OR REPLACE AGGREGATE code.f(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '1')",
    ),
    "aggregate: state type": case(
        f"{A}(int) (sfunc = int4pl, stype = int)",
        "create function sf(text, int) returns text language sql as '';"
        "create function ff(text) returns int language sql as '';"
        f"{A}(int) (sfunc = sf, stype = text, finalfunc = ff)",
        "CREATE OR REPLACE AGGREGATE code.f(integer) (SFUNC = code.sf, STYPE = text, FINALFUNC = code.ff)",
    ),
    "trigger": case(
        "create trigger x before insert on t for each row execute function g(); alter table t disable trigger x",
        "create trigger x before update on t for each row execute function h(); alter table t disable trigger x",
        "CREATE OR REPLACE TRIGGER x BEFORE UPDATE ON code.t FOR EACH ROW EXECUTE FUNCTION code.h()",
        "ALTER TABLE code.t DISABLE TRIGGER x",
    ),
    "trigger: state": case(
        "create trigger x before insert on t for each row execute function g()",
        "create trigger x before insert on t for each row execute function g(); alter table t enable always trigger x",
        "ALTER TABLE code.t ENABLE ALWAYS TRIGGER x",
    ),
    "trigger: a partition's state": case(
        "create trigger x before insert on p for each row execute function g(); alter table p1 disable trigger x",
        "create trigger x before insert on p for each row execute function g();alter table p1 enable replica trigger x",
        "ALTER TABLE code.p1 ENABLE REPLICA TRIGGER x",
    ),
    "event trigger": case(
        "create event trigger code_x on sql_drop execute function e(); alter event trigger code_x disable",
        "create event trigger code_x on sql_drop execute function e(); alter event trigger code_x enable replica",
        "ALTER EVENT TRIGGER code_x ENABLE REPLICA",
    ),
    "policy": case(
        "create policy x on t using (a > 0)",
        "create policy x on t to pg_monitor using (a > 0) with check (a > 2 and b = '(')",
        "ALTER POLICY x ON code.t TO pg_monitor WITH CHECK ((a > 2) AND (b = '('::text))",
    ),
    "policy: back to all": case(
        "create policy x on t to pg_monitor using (a > 0)",
        "create policy x on t using (a > 1)",
        "ALTER POLICY x ON code.t TO PUBLIC USING (a > 1)",
    ),
    "statistics": case(
        "create statistics x on a, b from t; alter statistics x set statistics 5",
        "create statistics x on a, b from t",
        "ALTER STATISTICS code.x SET STATISTICS -1",
    ),
}


@pytest.mark.parametrize(("before", "after", "steps"), IN_PLACE.values(), ids=IN_PLACE.keys())
def test_in_place(connection: psycopg.Connection[Any], before: str, after: str, steps: tuple[str, ...]) -> None:
    old, new = state(connection, before), state(connection, after)
    (changed,) = [one for one in new if one in old and old[one] != new[one]]
    found = new[changed].alteration(old[changed])
    assert found is not None
    assert [without_qualifier(step.sql) for step in found] == [without_qualifier(text) for text in steps]
    connection.execute(before)
    run(connection, [step.sql for one in new.keys() - old.keys() for step in new[one].create()])
    run(connection, [step.sql for step in found])
    assert read(connection) == new


def without_qualifier(text: str) -> str:
    """PostgreSQL 15 qualifies the columns of a view's only table, later ones do not."""
    return text.replace("t.a", "a").replace("t.b", "b")


ANEW = {
    "view: column renamed": ("create view v as select a from t", "create view v as select a as x from t"),
    "view: column gone": ("create view v as select a, b from t", "create view v as select a from t"),
    "view: type": ("create view v as select a from t", "create view v as select a::bigint from t"),
    "view: length": ("create view v as select c from t", "create view v as select c::varchar(9) from t"),
    "view: collation": ("create view v as select b from t", 'create view v as select b collate "POSIX" as b from t'),
    "function: type": (f"{F}() returns int language sql as ''", f"{F}() returns text language sql as ''"),
    "function: set": (f"{F}() returns int language sql as ''", f"{F}() returns setof int language sql as ''"),
    "function: OUT": (f"{F}(out a int, out b int) language sql as ''", f"{F}(out a int, out c int) language sql as ''"),
    "function: TABLE": (
        f"{F}() returns table (a int, b int) language sql as ''",
        f"{F}() returns table (a int, b text) language sql as ''",
    ),
    "function: argument renamed": (
        f"{F}(x int, y int) returns int language sql as ''",
        f"{F}(x int, z int) returns int language sql as ''",
    ),
    "function: name lost": (f"{F}(x int) returns int language sql as ''", f"{F}(int) returns int language sql as ''"),
    "function: default removed": (
        f"{F}(x int = 1) returns int language sql as ''",
        f"{F}(x int) returns int language sql as ''",
    ),
    "function: polymorphic default": (
        f"{F}(x anyelement = 1) returns int language sql as ''",
        f"{F}(x anyelement = 'x'::text) returns int language sql as ''",
    ),
    "function: window": (
        f"{F}() returns bigint language internal as 'window_row_number'",
        f"{F}() returns bigint language internal window as 'window_row_number'",
    ),
    "procedure: OUT": (
        "create procedure f(x int) language sql as ''",
        "create procedure f(x int, out y int) language sql as 'select 1'",
    ),
    "aggregate: kind": (
        f"{SF}; {A}(x text) (sfunc = sf, stype = float8)",
        f"{SF}; {A}(order by x text) (sfunc = sf, stype = float8)",
    ),
    "aggregate: result": (
        f"{A}(int) (sfunc = int4pl, stype = int)",
        f"{FF}; {A}(int) (sfunc = int4pl, stype = int, finalfunc = ff)",
    ),
    "constraint trigger": (
        "create constraint trigger x after insert on t for each row execute function g()",
        "create constraint trigger x after insert on t deferrable for each row execute function g()",
    ),
}


@pytest.mark.parametrize(("before", "after"), ANEW.values(), ids=ANEW.keys())
def test_only_anew_and_postgresql_agrees(connection: psycopg.Connection[Any], before: str, after: str) -> None:
    old, new = state(connection, before), state(connection, after)
    (changed,) = [one for one in new if one in old and old[one] != new[one]]
    assert new[changed].alteration(old[changed]) is None
    connection.execute(before)
    run(connection, [step.sql for one in new.keys() - old.keys() for step in new[one].create()])
    make = [step.sql for step in new[changed].create()]
    connection.execute("savepoint replace")
    with pytest.raises(psycopg.Error):
        run(connection, [make[0].replace("CREATE", "CREATE OR REPLACE", 1)])
    connection.execute("rollback to savepoint replace")
    run(connection, [step.sql for step in old[changed].drop()] + make)
    assert read(connection) == new


ANEW_BY_CHOICE = {
    "materialized view: query": (
        "create materialized view m as select a from t",
        "create materialized view m as select a from t where a > 0",
    ),
    "event trigger": (
        "create event trigger code_x on sql_drop execute function e()",
        "create event trigger code_x on sql_drop when tag in ('DROP VIEW') execute function e()",
    ),
    "policy: command": ("create policy x on t", "create policy x on t for select"),
    "policy: restrictive": ("create policy x on t", "create policy x on t as restrictive"),
    "policy: condition gone": ("create policy x on t using (a > 1)", "create policy x on t"),
    "statistics": ("create statistics x on a, b from t", "create statistics x on a, c from t"),
}


@pytest.mark.parametrize(("before", "after"), ANEW_BY_CHOICE.values(), ids=ANEW_BY_CHOICE.keys())
def test_only_anew(connection: psycopg.Connection[Any], before: str, after: str) -> None:
    old, new = state(connection, before), state(connection, after)
    (changed,) = [one for one in new if one in old and old[one] != new[one]]
    assert new[changed].alteration(old[changed]) is None


def test_what_belongs_to_a_type_or_a_view_is_left_out(connection: psycopg.Connection[Any]) -> None:
    base = read(connection)
    found = state(connection, "create type r as range (subtype = int); create view v as select a from t")
    assert {one.kind for one in found.keys() - base.keys()} == {"view"}


def test_partitions_have_no_triggers_of_their_own(connection: psycopg.Connection[Any]) -> None:
    found = state(connection, "create trigger x before insert on p for each row execute function g()")
    assert [one for one in found if one.kind == "trigger"] == [Id("trigger", ("code", "p", "x"))]


@pytest.mark.parametrize(
    ("script", "one", "parent"),
    [
        ("create rule r as on insert to t do nothing", Id("rule", ("code", "t", "r")), "table"),
        ("create policy r on t", Id("policy", ("code", "t", "r")), "table"),
        (
            "create view v as select 1; create rule r as on insert to v do instead nothing",
            Id("rule", ("code", "v", "r")),
            "view",
        ),
        (
            "create trigger r before insert on ft for each row execute function g()",
            Id("trigger", ("code", "ft", "r")),
            "foreign table",
        ),
    ],
)
def test_within(connection: psycopg.Connection[Any], script: str, one: Id, parent: str) -> None:
    assert state(connection, script)[one].within() == Id(parent, one.path[:2])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("true", "(true)"),
        ("(a > 0)", "(a > 0)"),
        ("((a > 0) AND (b = ')'::text))", "((a > 0) AND (b = ')'::text))"),
        ("(a).b = ANY (ARRAY[(1), (2)])", "((a).b = ANY (ARRAY[(1), (2)]))"),
        (r"(a = E'\')')", r"(a = E'\')')"),
        ('(")" > 0)', '(")" > 0)'),
        ("( SELECT true)", "(( SELECT true))"),
    ],
)
def test_enclosed(expression: str, expected: str) -> None:
    assert enclosed(expression) == expected
