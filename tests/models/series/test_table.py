"""Tables in CSV files: what is read, and what is said where something is wrong."""

import numpy as np
import pytest

from tutor.models.errors import ModelError
from tutor.models.series import table
from tutor.models.series.table import read_table


def written(tmp_path, text, name="mine.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n3.5,-4e1\n",
        "# a remark\na,b\n\n1,2\n3.5,-40\n",
        "\ufeffa,b\r\n1,2\r\n3.5,-40\r\n",
        "a;b\n1;2\n3,5;-40\n",
        "a\tb\n1\t2\n3.5\t-40",
        '"a","b"\n"1","2"\n"3.5","-40"\n',
    ],
)
def test_all_that_is_called_csv(tmp_path, text):
    found = read_table(written(tmp_path, text))
    assert found.variables == ("a", "b") and found.times == ("1", "2") and found.classes == ()
    np.testing.assert_array_equal(found.numbers, [[1, 2], [3.5, -40]])


def test_columns_without_names_are_numbered(tmp_path):
    found = read_table(written(tmp_path, "1,2\n3,4\n"))
    assert found.variables == ("1", "2") and found.numbers.shape == (2, 2)


def test_times_and_classes_are_no_variables(tmp_path):
    found = read_table(written(tmp_path, "Date,load,Activity\nMon,1,walking\nTue,2,standing\n"))
    assert found.variables == ("load",) and found.times == ("Mon", "Tue") and found.classes == ("walking", "standing")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "there is no row of numbers in it"),
        ("# nothing\n\n", "there is no row of numbers in it"),
        ("a,b\n", "there is no row of numbers in it"),
        ("1,2\n", "one row of numbers is no series"),
        ("a,b\n1,2\n3,x\n", r":3: column b: 'x' is no number"),
        ("a,b\n1,2\n3,\n", r":3: column b is empty"),
        ("1,2\n3,nan\n", r":2: column 2: 'nan' is no number"),
        ("1,2\n3,inf\n", r":2: column 2: 'inf' is no number"),
        ("1,2\n3,1e99\n", r":2: column 2: '1e99' is no number"),
        ("a,b\n1,2\n\n3\n", r":4: 1 columns, but the first row has 2"),
        ("a,b\n1,2,3\n4,5,6\n", r":2: 3 columns, but the first row has 2"),
        ("time\nMon\nTue\n", "no column of numbers is in it"),
        ('a,b\n1,2\n"3,4\n', r":3: no row of a table"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "not UTF-8 text: is it a CSV file?"),
        (",".join(map(str, range(65))) + "\n" + ",".join("1" * 65) + "\n", "65 columns; at most 64"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path, text, says):
    path = written(tmp_path, text)
    with pytest.raises(ModelError, match=says) as caught:
        read_table(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_what_is_too_long_is_not_read(tmp_path, monkeypatch):
    path = written(tmp_path, "1,2\n" * 12)
    monkeypatch.setattr(table, "MOST_ROWS", 10)
    with pytest.raises(ModelError, match="more than 10 rows"):
        read_table(path)
    monkeypatch.setattr(table, "LARGEST_FILE", 20)
    with pytest.raises(ModelError, match="larger than 20 bytes"):
        read_table(path)


def test_what_is_not_there(tmp_path):
    with pytest.raises(ModelError, match="there is no such file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(ModelError, match="cannot be read"):
        read_table(tmp_path)
