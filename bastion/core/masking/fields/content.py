"""Which bodies can be masked: a Content-Type as a format, or a line that says what to ask for instead."""

from __future__ import annotations

from enum import Enum
from typing import Final

from bastion.core.masking.fields.refused import RefusedBodyError

_JSON: Final = frozenset({"application/json", "text/json"})
_YAML: Final = frozenset({"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"})
_UTF8: Final = frozenset({"utf-8", "utf8", "us-ascii"})
ADVICE: Final = "ask with `Accept: application/json`, or send `Content-Type: application/json`"


class Format(Enum):
    """How a body is written."""

    JSON = "json"
    YAML = "yaml"


def format_of(content_type: str) -> Format:
    """The format that a Content-Type names (RFC 9110 section 8.3, suffixes of RFC 6839 and RFC 9512).

    RefusedBodyError: protobuf, a charset that is not UTF-8, and every type that is not known.
    """
    media, *parameters = [part.strip().lower() for part in content_type.split(";")]
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip(' "') not in _UTF8:
            raise RefusedBodyError(f"bodies are masked in UTF-8 only: {ADVICE}; charset=utf-8")
    if media in _JSON or media.endswith("+json"):
        return Format.JSON
    if media in _YAML or media.endswith("+yaml"):
        return Format.YAML
    if "protobuf" in media or "cbor" in media:
        raise RefusedBodyError(f"binary bodies cannot be masked: {ADVICE}")
    raise RefusedBodyError(f"a body of an unknown content type cannot be masked: {ADVICE}")
