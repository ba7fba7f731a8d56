"""What pg_dump says of two databases, compared entry by entry."""

from dbsync.planning.witness import difference, entries

TABLE = """--
-- Name: t; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.t (
    a integer CONSTRAINT {name} NOT NULL
);


"""
FUNCTION = """--
-- Name: f(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.f() RETURNS text
    LANGUAGE sql
    AS $$select 'a int CONSTRAINT {name} NOT NULL'$$;


"""


def differs(text: str, *, not_nulls: bool) -> bool:
    one, other = (entries(text.replace("{name}", name), not_nulls=not_nulls) for name in ("one", '"an""other"'))
    return bool(difference(one, other))


def test_names_of_not_null_constraints() -> None:
    assert differs(TABLE, not_nulls=True)
    assert not differs(TABLE, not_nulls=False)


def test_not_null_of_a_tables_own_or_inherited() -> None:
    own = TABLE.replace("a integer CONSTRAINT {name} NOT NULL", "a integer DEFAULT 1 NOT NULL,\n    NOT NULL b")
    inherited = TABLE.replace(" CONSTRAINT {name} NOT NULL", " DEFAULT 1")
    assert difference(entries(own), entries(inherited))
    assert not difference(entries(own, not_nulls=False), entries(inherited, not_nulls=False))
    checked = TABLE.replace(" CONSTRAINT {name} NOT NULL", ",\n    CONSTRAINT c CHECK ((a IS NOT NULL))")
    assert difference(entries(checked, not_nulls=False), entries(inherited, not_nulls=False))


def test_what_a_function_says_always_counts() -> None:
    assert differs(FUNCTION, not_nulls=True)
    assert differs(FUNCTION, not_nulls=False)


def test_owners_and_privileges_that_only_one_dump_has() -> None:
    owner = "\nALTER TABLE public.t OWNER TO anna;\n\n"
    granted = (
        "--\n-- Name: TABLE t; Type: ACL; Schema: public; Owner: anna\n--\n\nGRANT SELECT ON TABLE public.t TO bob;\n"
    )
    said = FUNCTION.replace("{name}", "x\n\nALTER TABLE public.t OWNER TO bob;\n")
    plain = entries(TABLE + said)
    live = TABLE.replace("Owner: -", "Owner: anna") + owner + granted + said
    assert difference(entries(live), plain)
    assert difference(entries(live, owners=False), plain)
    assert not difference(entries(live, owners=False, privileges=False), plain)
