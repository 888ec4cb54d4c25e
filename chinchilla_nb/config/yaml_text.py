"""Read and write configurations as YAML: plain values only, and numbers that cannot be read in two ways.

YAML 1.1, which PyYAML reads, takes ``010`` for 8, ``1:30`` for 90 and ``1_`` for 1; YAML 1.2 takes ``010`` for 10. Here
such texts are texts, which are refused wherever a number is needed.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

import yaml

from chinchilla_nb.checks import brief
from chinchilla_nb.config.whole_numbers import whole_number

__all__ = ["parse_yaml", "yaml_text"]

MOST_VALUES = 1_000_000
"""A few hundred bytes of aliases of aliases stand for more values than fit into memory."""

_TAG = "tag:yaml.org,2002:"
_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]*(?:_[0-9]+)*|0x[0-9a-fA-F]+)")
_DECIMAL = re.compile(
    rf"[-+]?(?:(?:{_DIGITS}\.(?:{_DIGITS})?|\.{_DIGITS})(?:[eE][-+]?[0-9]+)?|{_DIGITS}[eE][-+]?[0-9]+|"
    r"\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)"
)


def parse_yaml(text: str) -> Any:
    """Return the values in a document of YAML: mappings, lists, texts, numbers, true, false and null.

    Merge keys, ``<<: *defaults``, are supported. ``1e18`` is a number, as it is in JSON and Python.

    Raises
    ------
    Exception
        If the text is not YAML, has other tags or repeated keys, or stands for more than a million values; a YAMLError
        says where.
    """
    return yaml.load(text, Loader=_Loader)  # noqa: S506  a SafeLoader


def yaml_text(config: dict[str, Any]) -> str:
    """Return a configuration as YAML that `parse_yaml` reads back as the same values."""
    return str(
        yaml.dump(config, Dumper=_Dumper, sort_keys=False, default_flow_style=None, allow_unicode=True)  # a SafeDumper
    )


class _Loader(yaml.SafeLoader):
    """A safe loader of plain values, which refuses repeated keys and too many aliases."""

    yaml_constructors: ClassVar[dict[str | None, Any]] = {
        f"{_TAG}{tag}": yaml.SafeLoader.yaml_constructors[f"{_TAG}{tag}"] for tag in ("null", "str", "seq", "map")
    } | {None: yaml.SafeLoader.yaml_constructors[None]}

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):  # the constructor refuses others
                if (key.tag, key.value) in seen:
                    raise _error(f"the key {brief(key.value)} is given twice", key)
                seen.add((key.tag, key.value))
        return node

    def get_single_data(self) -> Any:
        node = self.get_single_node()
        if node is None:
            return None
        _count(node, {})
        return self.construct_document(node)

    def construct_number(self, node: yaml.ScalarNode) -> float:
        text = self.construct_scalar(node)
        if _WHOLE.fullmatch(text):
            return whole_number(text)
        if not _DECIMAL.fullmatch(text):
            raise _error(f"{brief(text)} is not a number", node)
        plain = text.replace("_", "").lower()
        return float(plain.replace(".inf", "inf").replace(".nan", "nan"))

    def construct_flag(self, node: yaml.ScalarNode) -> bool:
        text = self.construct_scalar(node)
        if text.lower() not in self.bool_values:
            raise _error(f"{brief(text)} is neither true nor false", node)
        return bool(self.bool_values[text.lower()])


class _Dumper(yaml.SafeDumper):
    """A safe dumper that puts every text into quotes that `_Loader` would take for a number."""


# The dumper keeps the rules of PyYAML, so that the file says the same to other programs; the loader takes over few.
_Loader.yaml_implicit_resolvers = {}
_Dumper.yaml_implicit_resolvers = {first: [*rules] for first, rules in yaml.SafeDumper.yaml_implicit_resolvers.items()}
for _first, _rules in yaml.SafeLoader.yaml_implicit_resolvers.items():
    for _name, _pattern in _rules:
        if _name in (f"{_TAG}bool", f"{_TAG}null", f"{_TAG}merge"):
            _Loader.add_implicit_resolver(_name, _pattern, [_first])
for _class in (_Loader, _Dumper):
    _class.add_implicit_resolver(f"{_TAG}int", re.compile(rf"(?:{_WHOLE.pattern})\Z"), list("-+0123456789"))
    _class.add_implicit_resolver(f"{_TAG}float", re.compile(rf"(?:{_DECIMAL.pattern})\Z"), list("-+.0123456789"))
_Loader.add_constructor(f"{_TAG}int", _Loader.construct_number)
_Loader.add_constructor(f"{_TAG}float", _Loader.construct_number)
_Loader.add_constructor(f"{_TAG}bool", _Loader.construct_flag)


def _count(node: yaml.Node, counts: dict[int, int]) -> int:
    """Return how many values a node stands for, its aliases written out.

    Raises
    ------
    ConstructorError
        If there are more than a million, or the node contains itself.
    """
    known = counts.get(id(node))
    if known == 0:
        raise _error("an alias stands for something that contains it", node)
    if known is not None:
        return known
    counts[id(node)] = 0  # until all of its parts are counted
    parts: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        parts = [part for pair in node.value for part in pair]
    elif isinstance(node, yaml.SequenceNode):
        parts = node.value
    count = 1 + sum(_count(part, counts) for part in parts)
    if count > MOST_VALUES:
        raise _error(f"its aliases stand for more than {MOST_VALUES:,} values", node)
    counts[id(node)] = count
    return count


def _error(problem: str, node: yaml.Node) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
