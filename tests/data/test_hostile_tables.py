import gzip
import os
import tracemalloc

import numpy as np
import pytest

from data import DataError, parse_catalogue, read_catalogue, readers

GOOD = {"parallax": [1.0, 2.0], "parallax_error": [0.1, 0.2]}


def refusal(content, filename):
    """Return the sentence that refuses a file."""
    with pytest.raises(DataError) as caught:
        parse_catalogue(content, filename)
    sentence = str(caught.value)
    assert sentence.count("\n") == 0
    assert sentence.endswith(".")
    assert len(sentence) < 300
    return sentence


def test_random_bytes_are_no_table():
    noise = np.random.default_rng(1).bytes(5000)
    for name in ("a.fits", "a.csv", "a.fits.gz", "a", "a.xml"):
        assert "is no table" in refusal(noise, name)
    assert "is no table" in refusal(b"plx,e_plx\n1,\xff\xfe\n", "a.csv")
    assert "is no table" in refusal(b"", "a.fits")
    assert "is no table" in refusal(b"", "a.csv")


def test_a_web_page_is_no_table():
    page = b"\n<!DOCTYPE html><html><body>Please log in, or not</body></html>"
    assert "is no table" in refusal(page, "stars.csv")


def test_a_format_is_never_guessed():
    text = b"parallax,parallax_error\n1,0.1\n"
    assert len(parse_catalogue(text, "a.csv")) == 1
    for name in ("a.fits", "a.vot", "a.xml", "a.ecsv", "a.parquet"):
        assert "is no table" in refusal(text, name)


def test_a_truncated_file_is_said_to_end_early(fits_of):
    content = gzip.compress(fits_of(**GOOD))
    assert "ends too early" in refusal(content[:-20], "a.fits.gz")
    assert "ends too early" in refusal(content[:5], "a.fits.gz")
    broken = content[:60] + b"\xff" * 40 + content[100:]
    assert "broken" in refusal(broken, "a.fits.gz")
    long = fits_of(parallax=np.ones(2000), parallax_error=np.ones(2000))
    assert "is no table" in refusal(long[:9000], "a.fits")


def test_a_zip_bomb_is_refused_before_it_fills_memory(monkeypatch):
    bomb = gzip.compress(bytes(30_000_000))
    assert len(bomb) < 40_000
    monkeypatch.setattr(readers, "LARGEST_TABLE", 1_000_000)
    tracemalloc.start()
    try:
        assert "larger than" in refusal(bomb, "a.fits.gz")
        # Many small members must not get past the cap either.
        assert "larger than" in refusal(gzip.compress(bytes(900_000)) * 3, "a.csv.gz")
        assert tracemalloc.get_traced_memory()[1] < 6_000_000
    finally:
        tracemalloc.stop()


def test_gzip_in_several_members_loses_no_row():
    parts = b"plx,e_plx\n1,0.1\n", b"2,0.2\n"
    content = b"".join(gzip.compress(part) for part in parts)
    assert parse_catalogue(content, "a.csv.gz").parallax.tolist() == [1.0, 2.0]


def test_a_file_above_the_cap_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(readers, "LARGEST_FILE", 100)
    assert "larger than" in refusal(b"parallax,parallax_error\n" * 5, "a.csv")
    path = tmp_path / "a.csv"
    path.write_bytes(b"1,2\n" * 100)
    with pytest.raises(DataError, match="larger than"):
        read_catalogue(path)


def test_a_table_with_too_many_rows_is_refused(monkeypatch, fits_of):
    monkeypatch.setattr(readers, "MOST_ROWS", 3)
    text = b"plx,e_plx\n" + b"1,0.1\n" * 3
    assert len(parse_catalogue(text, "a.csv")) == 3
    assert "at most 3 rows" in refusal(text + b"1,0.1\n", "a.csv")
    many = fits_of(parallax=np.ones(4), parallax_error=np.ones(4))
    assert "at most 3 rows" in refusal(many, "a.fits")


def test_blank_lines_and_comments_without_end_are_not_read_through(monkeypatch):
    monkeypatch.setattr(readers, "MOST_ROWS", 3)
    text = b"plx,e_plx\n1,0.1\n"
    for line in (b"\n", b"# nothing\n"):
        assert len(parse_catalogue(line * 3 + text, "a.csv")) == 1
        assert "is no table" in refusal(line * 4 + text, "a.csv")
        assert "is no table" in refusal(text + line * 4, "a.csv")


def test_a_device_is_never_read():
    with pytest.raises(DataError, match="is not a file"):
        read_catalogue(readers.Path(os.devnull))


def test_a_table_without_errors_names_the_columns_it_needs(fits_of):
    needed = "no column named parallax_error or e_plx"
    assert needed in refusal(fits_of(parallax=[1.0]), "a.fits")
    assert needed in refusal(b"plx\n1\n", "a.csv")
    assert "no column named parallax or plx" in refusal(b"a,b\n1,2\n", "a.csv")


def test_a_table_without_one_usable_row_is_refused(fits_of):
    bad = fits_of(parallax=[1.0, np.nan], parallax_error=[0.0, 1.0])
    assert "None of the 2 rows" in refusal(bad, "a.fits")
    assert "None of the 0 rows" in refusal(b"plx,e_plx\n", "a.csv")


def test_a_column_that_is_there_twice_is_refused_rather_than_chosen():
    text = b"plx,e_plx,PLX\n1,0.1,9\n"
    assert "more than one column named plx" in refusal(text, "a.csv")
    # Of a column that nobody needs there may be many.
    assert len(parse_catalogue(b"plx,e_plx,x,x\n1,0.1,9,9\n", "a.csv")) == 1


def test_words_in_a_column_of_numbers_are_quoted_briefly():
    word = "<script>" + "x" * 500
    said = refusal(f"plx,e_plx\n1,{word}\n".encode(), "a.csv")
    assert "Row 1 of the table has '<script>xxx" in said
    assert "x" * 60 not in said
    assert "is no table" in refusal(b"plx,e_plx\n1,0.1,7\n", "a.csv")
    assert "is no table" in refusal(b"plx,e_plx\n1,0.1" + b" " * 110_000, "a.csv")


def test_a_hostile_file_name_is_bounded_in_messages_and_in_the_catalogue():
    name = "a\n\x1b[31m" + "b" * 400 + ".csv"
    assert "b" * 60 not in refusal(b"<", name)
    stars = parse_catalogue(b"plx,e_plx\n1,0.1\n", name)
    assert len(stars.name) == 60
    assert stars.name.isprintable()


def test_columns_of_arrays_or_pointers_are_not_read_as_numbers():
    import io

    from astropy.io import fits

    def table(form, values):
        error = fits.Column("parallax_error", "D", array=np.ones(2))
        column = fits.Column("parallax", form, array=values)
        written = io.BytesIO()
        unit = fits.BinTableHDU.from_columns([column, error])
        fits.HDUList([fits.PrimaryHDU(), unit]).writeto(written)
        return written.getvalue()

    ragged = np.array([np.ones(2), np.ones(3)], dtype=object)
    for form, values in (("3D", np.ones((2, 3))), ("PD()", ragged), ("5A", ["1", "2"])):
        assert "no column named parallax" in refusal(table(form, values), "a.fits")


def test_a_header_that_promises_more_than_the_file_holds_is_refused(fits_of):
    content = fits_of(**GOOD)
    assert b"NAXIS2  =                    2" in content
    for rows in (b"1900000", b"     -1", b"9999999"):
        lie = content.replace(
            b"NAXIS2  =                    2", b"NAXIS2  =              " + rows
        )
        tracemalloc.start()
        assert "is no table" in refusal(lie, "a.fits")
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
        tracemalloc.stop()


def test_no_damage_to_a_fits_file_escapes_as_another_error(fits_of):
    whole = fits_of(**GOOD, source_id=np.arange(2), ra=[1.0, 2.0])
    values = [
        b"1PE(2)", b"9999999", b"-1", b"'A'", b"T", b"1E400", b"0", b"16A", b"3X", b"",
    ]  # fmt: skip
    generator = np.random.default_rng(3)
    read, refused = 0, 0
    for _ in range(500):
        damaged = bytearray(whole)
        for _ in range(generator.integers(1, 5)):
            if generator.random() < 0.5:
                damaged[generator.integers(2880, 5760)] = generator.integers(0, 256)
            else:
                card = 2880 + 80 * generator.integers(0, 20)
                value = values[generator.integers(len(values))]
                damaged[card + 10 : card + 30] = value.rjust(20)
        try:
            parse_catalogue(bytes(damaged), "a.fits")
            read += 1
        except DataError:
            refused += 1
    assert read > 50
    assert refused > 50
