"""What the page holds: everything of the schema, nothing that runs, nothing that is secret."""

import base64
import functools
import hashlib
import itertools
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dbsync import cli
from dbsync.diagram import svg
from dbsync.pg.connect import Target, connect

EVERY = Path(__file__).with_name("every.sql")
_VOID = {"meta", "input", "link", "br", "img"}


class Page(HTMLParser):
    """The page as a browser reads it: every element with its attributes, and the text outside of scripts and styles."""

    def __init__(self, text: str):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.scripts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        elif not self.open or self.open[-1] != "style":
            self.text += data

    def values(self, name: str) -> list[str]:
        """All values of an attribute."""
        return [value for _, attributes in self.elements if (value := attributes.get(name)) is not None]


def written(schema: Path, out: Path, *more: str) -> str:
    assert cli.main(["report", "-q", "--schema", str(schema), "--out", str(out), *more]) == 0
    return out.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(EVERY, tmp_path_factory.mktemp("report") / "report.html", "--no-plan")


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_everything_is_told(page: Page) -> None:
    text = " ".join(page.text.split())
    for words in (
        '<script>document.title = "run"</script>',
        "'nobody'::character varying",
        "generated always as identity",
        "generated always as (upper((name)::text))",
        "partitioned by RANGE (day)",
        "3 partitions shop.orders_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
        "shop.orders_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY HASH (number)",
        "shop.orders_2026_0 FOR VALUES WITH (modulus 2, remainder 0)",
        "tables4 columns13 foreign keys3 index1 view1",
        "row security is on",
        "only_large CREATE POLICY only_large ON shop.items FOR SELECT USING",
        "items_by_size CREATE INDEX items_by_size ON shop.items (size) WHERE",
        "What is large",
        "(number, day) → shop.orders (number, day)",
        "Referred to by 2 foreign keys people (boss) shop.orders (person)",
        "names How they are called CREATE VIEW",
        "SELECT n * 2 -- <twice>",
        "CREATE TYPE shop.size AS ENUM ('small', 'large')",
        "CREATE DOMAIN shop.cents AS integer",
        "CHECK ((VALUE >= 0))",
        "CREATE SERVER there FOREIGN DATA WRAPPER beyond",
    ):
        assert " ".join(words.split()) in text, words
    assert "Pending plan" not in text


def test_names_with_markup_are_text(html: str, page: Page) -> None:
    assert len([tag for tag, _ in page.elements if tag == "script"]) == 1
    assert len([tag for tag, _ in page.elements if tag == "style"]) == 3
    assert not [tag for tag, _ in page.elements if tag in ("img", "b", "iframe", "link", "object")]
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert "<script>document" not in html


def test_nothing_else_may_run_or_be_fetched(page: Page) -> None:
    policy = next(content for content in page.values("content") if "default-src" in content)
    digest = base64.b64encode(hashlib.sha256("".join(page.scripts).encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'"
    assert page.values("src") == []
    assert {link[:1] for link in page.values("href")} == {"#"}


def test_links_lead_somewhere(page: Page) -> None:
    ids = Counter(page.values("id"))
    assert [one for one, count in ids.items() if count > 1] == []
    assert {link[1:] for link in page.values("href")} - ids.keys() == set()
    assert {*" ".join(page.values("aria-labelledby")).split()} - ids.keys() == set()


def test_landmarks_and_names(page: Page) -> None:
    tags = Counter(tag for tag, _ in page.elements)
    assert [tags[tag] for tag in ("header", "nav", "main", "footer", "h1")] == [1, 1, 1, 1, 1]
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), "no level is left out"
    html = next(attributes for tag, attributes in page.elements if tag == "html")
    assert html["lang"] == "en"


def test_passwords_do_not_appear(html: str, page: Page) -> None:
    assert "hush" not in html
    assert "password '***'" in page.text


def test_one_page_is_like_the_other(html: str, tmp_path: Path) -> None:
    def timeless(text: str) -> str:
        return re.sub(r"on \d{4}-\d\d-\d\d \d\d:\d\d UTC", "", text)

    again = written(EVERY, tmp_path / "again.html", "--no-plan")
    assert timeless(again) == timeless(html) != html


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(scheme: str) -> None:
    """Text stands off its ground as WCAG's level AA asks."""
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", svg.css(scheme) + _own(scheme)))
    for ink in ("ink", "faint", "accent", "pk", "fk", "uk", "good", "bad", "warn", "key", "text"):
        for ground in ("paper", "box"):
            assert _contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    assert _contrast(colours["ink"], colours["head"]) >= 4.5
    assert _contrast(colours["wire"], colours["paper"]) >= 3


def _own(scheme: str) -> str:
    from importlib import resources

    return resources.files("dbsync.report").joinpath(f"{scheme}.css").read_text()


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@functools.cache
def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_plan(database: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database.conninfo())
    with connect(database) as connection:
        connection.execute("create table public.plans (id integer primary key, price integer, gone text)")
    schema = tmp_path / "schema.sql"
    schema.write_text("CREATE TABLE plans (id integer PRIMARY KEY, price bigint);")
    text = " ".join(Page(written(schema, tmp_path / "report.html")).text.split())
    assert "Pending plan" in text
    assert "What is lost column public.plans.gone and its values" in text
    assert re.search(r"alter table \S+plans\S* alter column \S+ (set data )?type bigint", text, re.IGNORECASE)
    assert re.search(r"rewrites public\.plans.{0,40}: takes longer with more rows", text)
    assert "blocks reads and writes of public.plans" in text
    assert "Proven: run on a copy of the database" in text

    schema.write_text("CREATE TABLE plans (id integer PRIMARY KEY, price bigint, went text);")
    assert "a possible rename" in " ".join(Page(written(schema, tmp_path / "report.html")).text.split())

    schema.write_text("CREATE TABLE plans (id integer PRIMARY KEY, price bigint);")
    seeds = tmp_path / "seeds.sql"
    seeds.write_text("INSERT INTO plans VALUES (7, 700);")
    assert "~ rows of public.plans by id" in " ".join(Page(written(schema, tmp_path / "report.html")).text.split())
    seeds.unlink()
    with connect(database) as connection:
        connection.execute("alter table public.plans drop gone, alter price type bigint")
    assert "Nothing to do: database" in " ".join(Page(written(schema, tmp_path / "report.html")).text.split())


def test_without_a_database_there_is_no_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / ".git").mkdir()
    schema = tmp_path / "schema.sql"
    schema.write_text("-- nothing yet\n")
    assert "Pending plan" not in written(schema, tmp_path / "report.html")
    assert not (tmp_path / ".dbsync").exists()


def test_failures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schema.sql").write_text("create table a ();")
    assert cli.main(["report", "--database", "postgresql://someone:hush@127.0.0.1:1/none"]) == 4
    assert "hush" not in capsys.readouterr().err
    assert cli.main(["report", "--no-plan", "--out", str(tmp_path)]) == 2
    (tmp_path / "schema.sql").write_text("create table a (x nonsense);")
    assert cli.main(["report", "--no-plan"]) == 3
    assert "schema.sql:1" in capsys.readouterr().err
    assert not (tmp_path / "report.html").exists()
