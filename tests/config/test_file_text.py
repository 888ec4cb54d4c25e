"""The values in the text of a configuration file."""

from __future__ import annotations

import json
import math
import time

import pytest
import yaml

from chinchilla_nb import Chinchilla
from chinchilla_nb.config.file_text import LARGEST_FILE, format_values, parse_values
from chinchilla_nb.config.reading import read_settings
from chinchilla_nb.engine.errors import InputError

BILLION_LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 12)
)
MERGE_LAUGHS = "a0: &a0 {k0: 1}\n" + "\n".join(
    f"a{level}: &a{level} {{<<: [{', '.join([f'*a{level - 1}'] * 10)}], k{level}: 1}}" for level in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("1e18", 1e18), ("1_000", 1000), ("-3", -3), ("+3", 3), ("0", 0), ("0x1F", 31), ("2.", 2.0), (".5", 0.5)],
        *[("1_0.2_5", 10.25), ("-1.5E-3", -1.5e-3), (".inf", math.inf), ("-.inf", -math.inf), ("007.5", 7.5)],
        *[("true", True), ("no", False), ("~", None), ("!!float 3", 3), ("!!str 3", "3"), ("'3'", "3")],
    ],
)
def test_yaml_reads_numbers_as_python_does(text, value):
    read = parse_values(f"key: {text}", ".yaml")["key"]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    [
        # YAML 1.1 reads these as 8, 90, 4530.5, 1, 10, 10 and a date, or PyYAML raises a ValueError.
        *["010", "1:30", "1:15:30.5", "1_", "1__0", "1_0_", "2020-01-01", "2020-13-45", "0b1", "0x", "="],
        *["１２", "١٢", "1\u00a0000", "_1", "1e", "e5", "1.0.0", "1,5", "."],
    ],
)
def test_what_can_be_read_in_two_ways_is_text_which_no_setting_takes_for_a_number(text, tmp_path):
    assert parse_values(f"key: {text}", ".yaml") == {"key": text}
    path = tmp_path / "c.yaml"
    path.write_text(f"project_dir: .\nscaling_factor: {text}", encoding="utf-8")
    with pytest.raises(InputError, match="in the configuration '.*', scaling_factor must be a number, got "):
        Chinchilla.from_config(path)


def test_merge_keys_fill_in_what_a_mapping_does_not_say():
    text = """
    wide: &wide {C: [1, 2], N_to_D: [3, 4]}
    more: &more {C: [5, 6], name: x}
    one: {<<: *wide, N_to_D: [7, 8]}
    both: {<<: [*more, *wide]}
    again: &again {<<: *more, name: y}
    twice: {<<: *again}
    """
    read = parse_values(text, ".yml")
    assert read["one"] == {"C": [1, 2], "N_to_D": [7, 8]}
    assert read["both"] == {"C": [5, 6], "name": "x", "N_to_D": [3, 4]}
    assert read["twice"] == read["again"] == {"C": [5, 6], "name": "y"}


@pytest.mark.parametrize(
    ("text", "suffix", "problem"),
    [
        (BILLION_LAUGHS, ".yaml", "its aliases stand for more than 1,000,000 values"),
        (MERGE_LAUGHS, ".yaml", "its aliases stand for more than 1,000,000 values"),
        ("a: &a [*a]", ".yaml", "an alias stands for something that contains it"),
        ("a: &a {b: *a}", ".yaml", "an alias stands for something that contains it"),
        ("a: {b: 1, b: 1}", ".yaml", "line 1, column 11: the key 'b' is given twice"),
        ("a: {<<: {b: 1}, <<: {c: 1}}", ".yaml", "the key '<<' is given twice"),
        ("a: {<<: 3}", ".yaml", "expected a mapping or list of mappings for merging, but found scalar"),
        ("a: !!int x", ".yaml", "line 1, column 4: 'x' is not a number"),
        ("a: !!int ''", ".yaml", "'' is not a number"),
        ("a: !!float 1:30", ".yaml", "'1:30' is not a number"),
        ("a: !!bool maybe", ".yaml", "'maybe' is neither true nor false"),
        ("a: !!int [1]", ".yaml", "expected a scalar node, but found sequence"),
        ("a: !!timestamp x", ".yaml", "could not determine a constructor for the tag 'tag:yaml.org,2002:timestamp'"),
        ("a: !!binary x", ".yaml", "could not determine a constructor"),
        ("a: !!python/object/apply:os.system [id]", ".yaml", "could not determine a constructor"),
        ("? [a]\n: 1", ".yaml", "found unhashable key"),
        ('a: "\\UFFFFFFFF"', ".yaml", "it is not valid"),
        (f"a: {'1' * 20_000}", ".yaml", "it holds a number of 20,000 digits"),
        (f'{{"a": {"1" * 20_000}}}', ".json", "it holds a number of 20,000 digits"),
        ('{"a": {"b": 1, "b": 1}}', ".json", "the key 'b' is given twice"),
    ],
)
def test_a_text_that_cannot_be_read_safely_is_refused_quickly(text, suffix, problem):
    started = time.monotonic()
    with pytest.raises(InputError) as caught:
        parse_values(text, suffix)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_a_number_of_thousands_of_digits_is_refused_by_its_setting(suffix, tmp_path):
    assert parse_values(f'{{"a": {"9" * 5000}}}', suffix)["a"] == 10**5000 - 1
    path = tmp_path / f"c{suffix}"
    path.write_text(f'{{"project_dir": ".", "num_seeding_steps": {"9" * 5000}}}')
    with pytest.raises(InputError, match="num_seeding_steps must be a number .*, got a whole number of about 5,00"):
        Chinchilla.from_config(path)


def test_a_file_too_long_for_a_configuration_is_not_read(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("#" * (LARGEST_FILE + 1))
    with pytest.raises(InputError, match="does not parse: it has 500,001 bytes, and a configuration at most 500,000"):
        read_settings(path)


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
@pytest.mark.parametrize(
    "value",
    [
        *["1e5", "1_000", "010", "1:30", "true", "no", "~", "null", "0x10", ".5", "2.", "<<", "=", "2020-01-01", ""],
        *["größe", "a: b", "- a", "#", "１２", "\u2028", "'", "tab\t", 1e18, 1e-7, 10**30, True, None, [1, "1"]],
    ],
    ids=repr,
)
def test_a_value_comes_back_as_it_was_written(value, suffix):
    config = {"project_dir": "x", "model_search_config": {"hyperparam_grid": {"kind": [value]}}}
    assert parse_values(format_values(config, suffix), suffix) == config
    read = parse_values(format_values({"a": value}, suffix), suffix)["a"]
    assert type(read) is type(value)


def test_other_programs_read_the_same_texts():
    for value in ("1e5", "010", "1:30", "1_", "2020-01-01"):
        assert yaml.safe_load(format_values({"a": value}, ".yaml")) == {"a": value}
        assert json.loads(format_values({"a": value}, ".json")) == {"a": value}
