"""Content types: what can be masked, and what a refusal says."""

import pytest

from bastion.core.masking.fields.content import Format, format_of
from bastion.core.masking.fields.refused import RefusedBodyError


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("application/json", Format.JSON),
        ("Application/JSON; charset=UTF-8", Format.JSON),
        ("application/json;as=Table;v=v1;g=meta.k8s.io", Format.JSON),
        ("application/json;stream=watch", Format.JSON),
        ("application/strategic-merge-patch+json", Format.JSON),
        ("application/yaml", Format.YAML),
        ("application/apply-patch+yaml", Format.YAML),
    ],
)
def test_formats_are_told_by_their_media_type(written, kind) -> None:
    assert format_of(written) is kind


@pytest.mark.parametrize(
    "written",
    ["", "application/vnd.kubernetes.protobuf", "application/cbor", "text/html", "application/json; charset=utf-16", "json"],
)  # fmt: skip
def test_what_cannot_be_masked_is_refused_with_what_to_ask_for(written) -> None:
    with pytest.raises(RefusedBodyError, match="Accept: application/json"):
        format_of(written)
