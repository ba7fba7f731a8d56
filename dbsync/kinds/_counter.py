"""Writes what a sequence counts, for sequences and identity columns: only what differs from the defaults."""

from typing import NamedTuple

_BOUNDS = {
    "smallint": (-(2**15), 2**15 - 1),
    "integer": (-(2**31), 2**31 - 1),
    "bigint": (-(2**63), 2**63 - 1),
}


class Counter(NamedTuple):
    """The options of a sequence, as pg_sequence has them, in the order in which COLUMNS selects them."""

    type: str
    start: str
    increment: str
    minimum: str
    maximum: str
    cache: str
    cycle: str

    def explicit(self) -> dict[str, str]:
        """Each option as it would be written; empty where it is the default."""
        lowest, highest = _BOUNDS[self.type]
        least, most = (lowest, -1) if self.counts_down() else (1, highest)
        first = self.maximum if self.counts_down() else self.minimum
        return {
            "START": "" if self.start == first else f"START WITH {self.start}",
            "INCREMENT": "" if self.increment == "1" else f"INCREMENT BY {self.increment}",
            "MINVALUE": "" if int(self.minimum) == least else f"MINVALUE {self.minimum}",
            "MAXVALUE": "" if int(self.maximum) == most else f"MAXVALUE {self.maximum}",
            "CACHE": "" if self.cache == "1" else f"CACHE {self.cache}",
            "CYCLE": "" if self.cycle == "false" else "CYCLE",
        }

    def counts_down(self) -> bool:
        """Whether its increment is negative."""
        return int(self.increment) < 0

    def written(self) -> list[str]:
        """The options that are not the defaults."""
        return [text for text in self.explicit().values() if text]

    def changed(self, before: "Counter") -> list[str]:
        """The options that make `before` this one, after its type was changed."""
        old, new = before.explicit(), self.explicit()
        reset = {
            "INCREMENT": "INCREMENT BY 1",
            "MINVALUE": "NO MINVALUE",
            "MAXVALUE": "NO MAXVALUE",
            "CACHE": "CACHE 1",
            "CYCLE": "NO CYCLE",
        }
        if self.counts_down() != before.counts_down():
            # NO MINVALUE and NO MAXVALUE keep what the type changed along would bring.
            new |= {"MINVALUE": f"MINVALUE {self.minimum}", "MAXVALUE": f"MAXVALUE {self.maximum}"}
        options = [new[key] or reset[key] for key in reset if old[key] != new[key]]
        if self.start != before.start:
            options.insert(0, f"START WITH {self.start}")
        return options


COLUMNS = """array[pg_catalog.format_type(q.seqtypid, null), q.seqstart::text, q.seqincrement::text, q.seqmin::text,
                     q.seqmax::text, q.seqcache::text, q.seqcycle::text]"""
"""Selects the options from pg_sequence q."""
