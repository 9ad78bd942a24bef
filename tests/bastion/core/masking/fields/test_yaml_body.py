"""YAML bodies: only scalars change, whatever style they have; what cannot be followed is refused."""

from __future__ import annotations

import pytest
import yaml

from bastion.core.masking.fields.body import BodyMasker
from bastion.core.masking.fields.yaml_events import MAX_BODY
from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.stream import StreamMasker
from bastion.model.masks import KnownValue

VALUE = "Hq4_vNw8-Zt2Rk6Jb0Yc"
PATTERNS = compile_patterns([KnownValue("v", VALUE.encode())])


MASK = StreamMasker(PATTERNS).feed(VALUE.encode() + b"\n", 0.0).data.decode().strip()


def read(text: str) -> tuple[str, str]:
    masker = BodyMasker(PATTERNS, "application/yaml")
    data = text.encode()
    early = b"".join(masker.feed(data[at : at + 7], 0.0).data for at in range(0, len(data), 7))
    return (early + masker.close(0.0).data).decode(), masker.refused


MASKED = {
    "plain": (f"a: {VALUE} # c\nb: 1\n", f'a: "{MASK}" # c\nb: 1\n'),
    "single": (f"a: 'it''s {VALUE}'\n", f"a: \"it's {MASK}\"\n"),
    "escape": (f'a: "\\t\\x48{VALUE[1:]}"\n', f'a: "\\t{MASK}"\n'),
    "literal": (f"a: |\n  é one\n  {VALUE}\n\nb: 2\n", f'a: "é one\\n{MASK}\\n"\n\nb: 2\n'),
    "folded": (f"a: >-\n  one\n  {VALUE}\nb: 2", f'a: "one {MASK}"\nb: 2'),
    "lines": (f"a: one\n  two\n  {VALUE}\nb: 2", f'a: "one two {MASK}"\nb: 2'),
    "flow": (f"{{a: [x, {VALUE}], b: \U0001f600}}\n", f'{{a: [x, "{MASK}"], b: \U0001f600}}\n'),
    "key": (f"{VALUE}: 1\n? x\n: {VALUE}\n", f'"{MASK}": 1\n? x\n: "{MASK}"\n'),
    "tag": ("kind: Secret\ndata: {a: !!str &t aGVsbG8=}\n", 'kind: Secret\ndata: {a: !!str &t "KioqKio="}\n'),
    "binary": ("b: !!binary |\n  cGFzc3dvcmQ9\n  eHl6enktMQ==\n", 'b: !!binary "KioqKioqKioqKioqKioqKg=="\n'),
    "alias before": ("x: &a hush-99\nkind: Secret\nstringData: {b: *a}\n", 'x: &a "*******"\nkind: Secret\nstringData: {b: *a}\n'),
    "alias of all": ("x: &a {p: hush-99}\nkind: Secret\nstringData: *a\n", 'x: &a {p: "*******"}\nkind: Secret\nstringData: *a\n'),
    "merges": ("<<: [{kind: Secret}, {data: {a: aGk=}}]\n", '<<: [{kind: Secret}, {data: {a: "Kio="}}]\n'),
    "documents": ("kind: Secret\nstringData: {a: b1}\n---\nkind: X\ndata: {a: b1}\n", 'kind: Secret\nstringData: {a: "**"}\n---\nkind: X\ndata: {a: b1}\n'),
    "kind last": ("stringData:\n  a: b1\nkind: Secret\n", 'stringData:\n  a: "**"\nkind: Secret\n'),
    "number": ("n: 4242424242424242\n", "n: 4242420000004242\n"),
    "number below data": ("kind: Secret\nstringData: {pin: 8731}\n", "kind: Secret\nstringData: {pin: 1000}\n"),
    "comment": (f"# {VALUE}\na: 1\n", f"# {MASK}\na: 1\n"),
    "json": (f'{{"a": "{VALUE}"}}', f'{{"a": "{MASK}"}}'),
    "crlf": (f"a: {VALUE}\r\nb: 2\r\n", f'a: "{MASK}"\r\nb: 2\r\n'),
    "end of file": (f"a: |-\n  {VALUE}", f'a: "{MASK}"'),
    "indented": (f"a: |2+\n    {VALUE}\n\n\nb: 1\n", f'a: "  {MASK}\\n\\n\\n"\n\n\nb: 1\n'),
}  # fmt: skip


@pytest.mark.parametrize("name", MASKED)
def test_a_masked_scalar_is_quoted_and_the_rest_stays(name) -> None:
    text, wanted = MASKED[name]
    assert read(text) == (wanted, "")
    assert len(list(yaml.parse(wanted))) == len(list(yaml.parse(text)))


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "a: b: c",
        "\tx: 1",
        "? {a: b}\n: c\n",
        "a: &a [*a]\n",
        "a: *nowhere\n",
        f"a: &{VALUE} 1\n",
        f"a: !{VALUE} 1\n",
        "\udcff",
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(f"a{i}: &b{i} [{','.join([f'*b{i - 1}' if i else '*a'] * 10)}]\n" for i in range(9)),
        "[" * 600 + "]" * 600,
    ],
    ids=range(11),
)  # fmt: skip
def test_what_cannot_be_followed_is_refused(text) -> None:
    masker = BodyMasker(PATTERNS, "application/yaml")
    masker.feed(text.encode("utf-8", "surrogateescape"), 0.0)
    assert masker.close(0.0).data == b""
    assert "ask" in masker.refused
    assert VALUE not in masker.refused


def test_a_body_is_bounded() -> None:
    masker = BodyMasker(PATTERNS, "application/yaml")
    assert masker.feed(b"#" * (MAX_BODY + 1), 0.0).data == b""
    assert "longer than" in masker.refused


def test_events_count_the_bytes_of_the_body() -> None:
    masker = BodyMasker(PATTERNS, "application/yaml")
    masker.feed(f"é: 1\na: {VALUE}\n".encode(), 0.0)
    events = masker.close(0.0).events
    assert [(event.source, event.offset, event.length) for event in events] == [("v", 9, len(VALUE))]
