"""A line goes from a list of people, and every other byte stays."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studioctl.config import people_csv

CELLS = st.text(st.sampled_from('ab ,;"\n\r'), max_size=4)


@pytest.mark.parametrize(
    ("before", "line", "after"),
    [
        ("name,group\nada,x\nbob,y\n", 2, "name,group\nbob,y\n"),
        ("name\nada\nbob", 3, "name\nada\n"),
        ("\ufeffname;group\r\nada;x\r\nbob;y\r\n", 2, "\ufeffname;group\r\nbob;y\r\n"),
        ('name,group\n\n"ada",  x \n\n bob ,"y"\n', 3, 'name,group\n\n\n bob ,"y"\n'),
        ('name,github\nada,"a\nb"\nbob,\n', 3, "name,github\nbob,\n"),
        ('\ufeff"name"\rada\rbob\r', 2, '\ufeff"name"\rbob\r'),
    ],
    ids=[
        "a line",
        "the last",
        "a spreadsheet's",
        "blank lines and spaces",
        "a cell of two lines",
        "an old Macintosh's",
    ],
)
def test_a_line_goes_and_the_rest_stays(before: str, line: int, after: str) -> None:
    assert people_csv.without(before, line) == after


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5), st.sampled_from(["\n", "\r\n"]), st.data())
def test_any_record_goes_alone(records: list[tuple[str, str]], end: str, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(records) - 1))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("name", "group"), *records])
    reader = csv.reader(io.StringIO(text.getvalue(), newline=""))
    line = [reader.line_num for _ in reader][1 + index]

    left = people_csv.without(text.getvalue(), line)

    expected = io.StringIO(newline="")
    writer = csv.writer(expected, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("name", "group"), *records[:index], *records[index + 1 :]])
    assert left == expected.getvalue()
