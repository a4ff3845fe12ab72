"""The user's own CSV and NPZ files: what is read from them, and the sentence for everything that is wrong."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.datasets import read_table
from engine.errors import ConfigurationError, NeurofilmError

FLOWERS = "length,width,species\n5.0,2,setosa\n6.0,4,virginica\n7.0,3,setosa\n4.0,3,virginica\n"


def write(folder: Path, text: str | bytes, name: str = "flowers.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def sentence(path: Path, *arguments: Any, **options: Any) -> str:
    """The one sentence that reading gives; never an error that was not meant for the user."""
    with pytest.raises(NeurofilmError) as error:
        read_table(path, *arguments, **options)
    assert error.value.__cause__ is None
    return str(error.value).replace(str(path.parent), "FOLDER")


def rows(target: list[str]) -> str:
    return "a,t\n" + "".join(f"{place},{cell}\n" for place, cell in enumerate(target))


def test_text_targets_are_classes_named_in_sorted_order(tmp_path: Path) -> None:
    data = read_table(write(tmp_path, FLOWERS.replace("setosa", "zinnia")))
    assert data.name == "flowers" and data.task == "classification"
    assert data.class_names == ("virginica", "zinnia") and data.y.tolist() == [1, 0, 1, 0]
    assert data.feature_names == ("length", "width") and data.target_names == ("species",)


def test_features_are_standardised_and_the_way_back_is_kept(tmp_path: Path) -> None:
    data = read_table(write(tmp_path, FLOWERS))
    np.testing.assert_allclose(data.x[:, 0], (np.array([5, 6, 7, 4]) - 5.5) / np.sqrt(1.25), rtol=1e-6)
    assert data.mean is not None and data.scale is not None
    np.testing.assert_allclose(data.x * data.scale + data.mean, [[5, 2], [6, 4], [7, 3], [4, 3]], atol=1e-6)


def test_numbers_too_long_for_float32_survive_standardising(tmp_path: Path) -> None:
    text = "stamp,t\n" + "".join(f"{1_700_000_000 + second},{'ab'[second % 2]}\n" for second in range(10))
    data = read_table(write(tmp_path, text))
    np.testing.assert_allclose(data.x[:, 0], (np.arange(10) - 4.5) / np.std(np.arange(10)), rtol=1e-6)


def test_any_column_can_be_the_target_and_some_the_features(tmp_path: Path) -> None:
    text = "id,a,b,kind\n" + "".join(f"{row},{row / 7},{row % 3},{'xy'[row % 2]}\n" for row in range(12))
    path = write(tmp_path, text)
    assert read_table(path).feature_names == ("id", "a", "b")
    data = read_table(path, "kind", features=["b", "a"])
    assert data.feature_names == ("b", "a") and data.mean is not None
    np.testing.assert_allclose(data.x[:, 0] * data.scale[0] + data.mean[0], np.arange(12) % 3, atol=1e-6)  # type: ignore[index]
    numbers = read_table(path, "a", features=["id", "b"])
    assert numbers.task == "regression" and numbers.target_mean is not None and numbers.target_scale is not None
    np.testing.assert_allclose(
        numbers.y * numbers.target_scale + numbers.target_mean, np.arange(12)[:, None] / 7, atol=1e-6
    )


@pytest.mark.parametrize(
    ("target", "classes"),
    [
        (["0", "1"] * 4, ("0", "1")),
        (["10", "9", "-1"] * 4, ("-1", "9", "10")),  # named by the numbers, in their order
        (["1.0", "2.0"] * 4, ("1", "2")),  # whole numbers, as pandas writes them beside missing ones
        (["true", "false"] * 4, ("false", "true")),
        ([str(i % 20) for i in range(40)], tuple(map(str, range(20)))),
        ([str(i % 21) for i in range(42)], ()),  # more different numbers than classes
        (["1", "2", "3", "4", "4"], ()),  # hardly any met twice
        (["0.5", "1"] * 4, ()),
    ],
)
def test_what_the_target_holds_decides_the_task(tmp_path: Path, target: list[str], classes: tuple[str, ...]) -> None:
    data = read_table(write(tmp_path, rows(target)))
    assert data.class_names == classes
    assert data.task == ("classification" if classes else "regression")
    if classes:
        assert [data.class_names[label] for label in data.y] == [cell.removesuffix(".0") for cell in target]


def test_the_task_can_be_overruled(tmp_path: Path) -> None:
    assert read_table(write(tmp_path, rows(["0", "1"] * 4)), task="regression").class_names == ()
    many = write(tmp_path, rows([str(i) for i in range(30)]))
    assert len(read_table(many, task="classification").class_names) == 30


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_quotes_blank_lines_and_a_mark_at_the_start(tmp_path: Path, delimiter: str) -> None:
    text = '\ufeff"length, cm",width,"a ""kind"""\n\n5,2,"big, red"\n 6 ,4,small\n\n'
    text = text.replace('",', f'"{delimiter}').replace("width,", f"width{delimiter}").replace("5,2,", "5;2;")
    text = text.replace(" 6 ,4,", " 6 ;4;").replace(";", delimiter).replace("\n", "\r\n")
    data = read_table(write(tmp_path, text, "t.tsv"))
    assert data.feature_names == ("length, cm", "width") and data.target_names == ('a "kind"',)
    assert data.class_names == ("big, red", "small")


BAD_CSV = {
    "missing": (FLOWERS.replace("6.0", ""),
                "flowers.csv: row 3, column 'length': the value is missing: fill it in or leave the row out"),
    "missing, said so": (FLOWERS.replace("6.0", "N/A"),
                         "flowers.csv: row 3, column 'length': the value is missing ('N/A'): fill it in or leave the "
                         "row out"),
    "missing class": (FLOWERS.replace("virginica", "", 1),
                      "flowers.csv: row 3, column 'species': the class is missing: fill it in or leave the row out"),
    "text": (FLOWERS.replace("7.0", "seven"), "flowers.csv: row 4, column 'length': 'seven' is not a number"),
    "text all along": ("a,b,t\n" + "".join(f"{row},x{row},{'yn'[row % 2]}\n" for row in range(9)),
                       "flowers.csv: row 2, column 'b': 'x0' is not a number, nor is anything in this column: leave it "
                       "out, or list the features in an experiment's TOML file"),
    "decimal comma": (FLOWERS.replace(",", ";").replace("7.0", "7,0"),
                      "flowers.csv: row 4, column 'length': '7,0' is not a number: write decimals with a point"),
    "infinite": (FLOWERS.replace("7.0", "-inf"), "flowers.csv: row 4, column 'length': -inf is not finite"),
    "beyond float32": (FLOWERS.replace("7.0", "1e39"),
                       "flowers.csv: row 4, column 'length': 1e39 is too large for float32"),
    "blank line counts": (FLOWERS.replace("\n7.0", "\n\nx"),
                          "flowers.csv: row 5, column 'length': 'x' is not a number"),
    "duplicate": (FLOWERS.replace("width", "length"),
                  "flowers.csv: columns 1 and 2 are both called 'length', and names must differ"),
    "no name": (FLOWERS.replace("length", " "),
                "flowers.csv: column 1 has no name: name it, or leave it out if it only counts rows"),
    "empty": ("", "flowers.csv is empty"),
    "only blank lines": ("\n \n", "flowers.csv is empty"),
    "only delimiters": (",,\n", "flowers.csv is empty"),
    "only a header": ("length,width,species\n", "flowers.csv has a header and no rows of data"),
    "one row": ("a,t\n1,x\n", "flowers.csv has only 1 row of data, and at least 2 are needed"),
    "no header": ("5.0,2,1\n6.0,4,2\n",
                  "flowers.csv: the first row holds only numbers, and a header with the columns' names is needed"),
    "one column": ("species\nsetosa\n",
                   "flowers.csv has only the column 'species', and a target and at least one feature are needed"),
    "ragged": (FLOWERS.replace("7.0,3", "7.0"), "flowers.csv: row 4 has 2 cells, and the header has 3"),
    "one class": (FLOWERS.replace("virginica", "setosa"),
                  "flowers.csv: the target 'species' has only one class, 'setosa', and there is nothing to tell apart"),
    "one number": (rows(["1"] * 5),
                   "flowers.csv: the target 't' has only one class, '1', and there is nothing to tell apart"),
    "names for a target": (rows(["ann", "bob", "eve", "joe"]),
                           "flowers.csv: the target 't' has 4 different texts in 4 rows, too many to be classes: "
                           "choose another target"),
    "a slip among numbers": (rows(["1.5", "2.5", "3.5x", "4.5"]),
                             "flowers.csv: row 4, column 't': '3.5x' is not a number"),
    "nothing to predict": (rows([""] * 4),
                           "flowers.csv: row 2, column 't': the value is missing: fill it in or leave the row out"),
    "not text": (b"a,t\n\xe4,1\n",
                 "flowers.csv is not UTF-8 text (byte 0xe4 at 4): save it as CSV in UTF-8"),
    "open quote": ('a,t\n1,"x\n2,y\n', "flowers.csv is not a CSV file: unexpected end of data"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_CSV)
def test_a_bad_csv_gets_one_sentence(tmp_path: Path, case: str) -> None:
    text, expected = BAD_CSV[case]
    assert sentence(write(tmp_path, text)) == expected


def test_columns_that_are_not_there_list_the_nearest(tmp_path: Path) -> None:
    path = write(tmp_path, FLOWERS)
    expected = "unknown column of flowers.csv '{}': did you mean '{}'? (known: length, species, width)"
    assert sentence(path, "specie") == expected.format("specie", "species")
    assert sentence(path, features=["widht"]) == expected.format("widht", "width")
    with pytest.raises(ConfigurationError):
        read_table(path, "specie")


def test_features_that_make_no_sense(tmp_path: Path) -> None:
    path = write(tmp_path, FLOWERS)
    assert sentence(path, features=["species"]) == (
        "flowers.csv: column 'species' is the target and cannot be a feature too"
    )
    expected = "flowers.csv: features={} must name at least one column, and each only once"
    assert sentence(path, features=[]) == expected.format([])
    assert sentence(path, features=["width", "width"]) == expected.format(["width", "width"])
    assert sentence(path, task="ranking") == "task='ranking' must be 'classification' or 'regression'"
    fractions = write(tmp_path, rows(["0.5", "1.5"] * 4))
    assert sentence(fractions, task="classification") == (
        "flowers.csv: the target 't' has numbers that are not whole, and cannot be taken for classes"
    )


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    assert sentence(tmp_path / "folder.csv") == "FOLDER/folder.csv is a folder, and a file is needed"
    assert sentence(tmp_path / "gone.npz") == "FOLDER/gone.npz does not exist"
    assert sentence(write(tmp_path, FLOWERS, "flowers.xlsx")) == (
        "FOLDER/flowers.xlsx does not end in .csv, .tsv or .npz, the kinds of files that are read"
    )


def save(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "data.npz", **arrays)
    return folder / "data.npz"


def test_npz_of_labels_texts_and_numbers(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 255, (12, 4, 4, 1)).astype(np.uint8)
    labels = read_table(save(tmp_path, x=x, y=np.arange(12) % 3 + 4))
    assert labels.x.shape == (12, 4, 4, 1) and labels.class_names == ("4", "5", "6")
    np.testing.assert_allclose(labels.x.std(), 1, rtol=1e-5)
    texts = read_table(save(tmp_path, x=x.reshape(12, 16), y=np.array(["no", "yes"] * 6)))
    assert texts.class_names == ("no", "yes") and texts.y.tolist() == [0, 1] * 6
    numbers = read_table(save(tmp_path, x=x.reshape(12, 16), y=np.linspace(0, 1, 24).reshape(12, 2)))
    assert numbers.task == "regression" and numbers.y.shape == (12, 2)
    column = read_table(save(tmp_path, x=x.reshape(12, 16), y=(np.arange(12) % 2)[:, None], other=np.ones(3)))
    assert column.class_names == ("0", "1")


BAD_NPZ: dict[str, tuple[dict[str, Any], str]] = {
    "other names": ({"x_train": np.ones((4, 2)), "y": np.ones(4)},
                    "data.npz holds x_train, y, and arrays named x and y are needed"),
    "objects": ({"x": np.ones((4, 2)), "y": np.array([1, None, 2, 3], dtype=object)},
                "data.npz: y holds Python objects, which are not read: save it as numbers or text"),
    "flat": ({"x": np.ones(4), "y": np.ones(4)},
             "data.npz: x has shape (4,), and (N, features) with at least one feature is needed"),
    "no features": ({"x": np.ones((4, 0)), "y": np.ones(4)},
                    "data.npz: x has shape (4, 0), and (N, features) with at least one feature is needed"),
    "lengths": ({"x": np.ones((4, 2)), "y": np.ones(3)},
                "data.npz: x of shape (4, 2) and y of shape (3,) must have one row a sample each"),
    "a number for y": ({"x": np.ones((4, 2)), "y": np.array(1)},
                       "data.npz: x of shape (4, 2) and y of shape () must have one row a sample each"),
    "not a number": ({"x": np.array([[1.0], [np.nan]]), "y": np.array([0, 1])},
                     "data.npz: x[1, 0] = nan is not finite"),
    "infinite target": ({"x": np.ones((2, 1)), "y": np.array([0, np.inf])}, "data.npz: y[1] = inf is not finite"),
    "complex": ({"x": np.ones((2, 1), complex), "y": np.array([0, 1])},
                "data.npz: x is of type complex128, and real numbers are needed"),
    "one class": ({"x": np.ones((4, 1)), "y": np.full(4, 7)},
                  "data.npz: y has only one class, '7', and there is nothing to tell apart"),
    "one sample": ({"x": np.ones((1, 1)), "y": np.array([7])},
                   "data.npz has only 1 row of data, and at least 2 are needed"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_NPZ)
def test_a_bad_npz_gets_one_sentence(tmp_path: Path, case: str) -> None:
    arrays, expected = BAD_NPZ[case]
    assert sentence(save(tmp_path, **arrays)) == expected


def test_an_npz_has_no_columns(tmp_path: Path) -> None:
    path = save(tmp_path, x=np.ones((4, 2)), y=np.arange(4) % 2)
    assert sentence(path, "y") == (
        "FOLDER/data.npz: target and features choose columns of a CSV file, and an NPZ file has its arrays x and y "
        "instead"
    )


@pytest.mark.parametrize("contents", [b"", b"not a zip", FLOWERS.encode()])
def test_what_is_no_npz(tmp_path: Path, contents: bytes) -> None:
    assert sentence(write(tmp_path, contents, "data.npz")) == (
        "data.npz is damaged or not an NPZ file: File is not a zip file"
    )


def test_damage_anywhere_gives_a_sentence_or_the_same_data(tmp_path: Path) -> None:
    """Cut short or with a byte changed, a file is refused; nothing else escapes, nothing wrong is read."""
    path = save(tmp_path, x=np.arange(24.0).reshape(12, 2), y=np.arange(12) % 2)
    whole, expected = path.read_bytes(), read_table(path).digest
    refused = 0
    changed = [whole[:cut] for cut in range(0, len(whole), 37)]
    for place in range(0, len(whole), 5):
        changed.append(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
    for contents in changed:
        path.write_bytes(contents)
        try:
            assert read_table(path).digest == expected
        except NeurofilmError:
            refused += 1
    assert refused > len(changed) / 2


def hand_made(folder: Path, header: str, contents: bytes = b"") -> Path:
    """An NPZ file whose x has this header, whatever the bytes that follow."""
    text = header.encode().ljust(117) + b"\n"
    member = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + contents
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", member)
        archive.writestr("y.npy", member)
    return write(folder, buffer.getvalue(), "data.npz")


def test_promised_sizes_are_not_believed(tmp_path: Path) -> None:
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': %s, }"
    assert sentence(hand_made(tmp_path, header % "(1000000, 1000000)")) == (
        "data.npz: x of shape (1000000, 1000000) and type float64 would take 7450.6 GiB of memory, and 4 GiB is the "
        "most that is read"
    )
    assert sentence(hand_made(tmp_path, header % "(1000, 100)", b"\0" * 16)) == (
        "data.npz: x should hold 800000 bytes for shape (1000, 100) and type float64, and holds 16"
    )


def test_pickles_are_never_opened(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    path = save(tmp_path, x=np.array([[Trap()]], dtype=object), y=np.ones(1))
    assert sentence(path) == "data.npz: x holds Python objects, which are not read: save it as numbers or text"
    assert not (tmp_path / "sprung").exists()


def test_two_members_of_one_name_cannot_hide_a_size(tmp_path: Path) -> None:
    """What is read is what was checked, whichever of the two it is."""

    def member(shape: str, contents: bytes) -> bytes:
        text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
        return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + contents

    good, huge = member("(4, 1)", np.arange(4.0).tobytes()), member("(100000, 100000)", b"")
    for members in (["x", good, "x.npy", huge], ["x", huge, "x.npy", good], ["x.npy", huge, "x", good]):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, contents in zip(members[::2], members[1::2], strict=True):
                archive.writestr(name, contents)
            archive.writestr("y.npy", member("(4,)", np.array([0.0, 1, 0, 1]).tobytes()))
        path = write(tmp_path, buffer.getvalue(), "data.npz")
        if members[3] is good:
            assert len(read_table(path)) == 4
        else:
            assert "x of shape (100000, 100000) and type float64 would take 74.5 GiB" in sentence(path)


def test_an_archive_that_is_made_to_fill_the_memory_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (5000000, 1), }"
    path = hand_made(tmp_path, header, bytes(20_000_000))
    assert path.stat().st_size < 50_000
    monkeypatch.setattr("engine.datasets.archives.ANYWAY", 2**24)
    text = sentence(path)
    assert text.startswith("data.npz: x would unpack from ")
    assert text.endswith(" to 20,000,000, far more than data do: it is not unpacked")


def test_types_that_hold_nothing_are_refused(tmp_path: Path) -> None:
    path = hand_made(tmp_path, "{'descr': '|S0', 'fortran_order': False, 'shape': (1000000000000, 1), }")
    assert sentence(path) == "data.npz: x is of type |S0, which holds nothing"


def test_a_file_of_control_characters_is_empty(tmp_path: Path) -> None:
    assert sentence(write(tmp_path, "\x1f\n")) == "flowers.csv is empty"
