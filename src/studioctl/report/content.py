"""The parts that a report is made of."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """A table.

    Args:
        head: Titles of its columns.
        rows: Cells of each row.
        empty: The text to show if there are no rows.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str = "none"


@dataclass(frozen=True)
class Section:
    """A part of a report.

    Args:
        title: Its heading.
        text: Sentences below it.
        tables: Tables below these.
        svg: A picture; empty for none.
        standing: The same for narrow pages.
        alt: The picture in words, for those who do not see it.
    """

    title: str
    text: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    svg: str = ""
    standing: str = ""
    alt: str = ""


@dataclass(frozen=True)
class Report:
    """A report.

    Args:
        title: The environment's name.
        subtitle: The environment's target, and the time of writing.
        sections: Its parts, in order.
        proof: After a `down`, that nothing is left; empty before.
    """

    title: str
    subtitle: str
    sections: tuple[Section, ...] = field(default=())
    proof: str = ""
