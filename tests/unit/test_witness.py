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


def differs(text: str, *, not_null_names: bool) -> bool:
    one, other = (
        entries(text.replace("{name}", name), not_null_names=not_null_names) for name in ("one", '"an""other"')
    )
    return bool(difference(one, other))


def test_names_of_not_null_constraints() -> None:
    assert differs(TABLE, not_null_names=True)
    assert not differs(TABLE, not_null_names=False)


def test_what_a_function_says_always_counts() -> None:
    assert differs(FUNCTION, not_null_names=True)
    assert differs(FUNCTION, not_null_names=False)


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
