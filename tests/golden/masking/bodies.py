"""Bodies of the Kubernetes API in our own words: where Secrets stand in them, and how they hide."""

from __future__ import annotations

import base64
import json
from typing import Any

KEY = "Vb3-kLm9_Qrt7Zx2Wp5H"
OTHER = "g7Yt2Nw9Kc4Xs6Bd8Fh3Jm5Lq"
UNKNOWN = "never-seen-0451"


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def body(name: str, text: str | list[str], *hidden: str, **more: Any) -> dict[str, Any]:
    pieces = [text] if isinstance(text, str) else text
    return {
        "name": name, "kind": "json", "cols": 80, "rows": 24, "secrets": [KEY, OTHER], "must_appear": [], "same": False,
        "chunks": [base64.b64encode(piece.encode()).decode() for piece in pieces], "must_not_appear": list(hidden),
    } | more  # fmt: skip


SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "s"},
    "type": "Opaque",
    "data": {"pw": coded(KEY), "no": ""},
}
APPLIED = {
    "kind": "Secret",
    "metadata": {
        "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": json.dumps(
                {"kind": "Secret", "stringData": {"a": UNKNOWN}, "data": {"b": coded(UNKNOWN)}}
            )
        }
    },
}
POD = {
    "kind": "Pod",
    "spec": {
        "containers": [
            {"env": [{"name": "DB_PASSWORD", "value": UNKNOWN}, {"name": "MODE", "value": "fast"}]}
        ]
    },
}
YAML = "application/yaml"

BODIES = [
    body("status_message", json.dumps({"kind": "Status", "message": f"dial redis://app:{KEY}@cache/0 refused", "code": 500}), KEY,
         must_appear=["@cache/0 refused"]),
    body("secret_in_pieces", [json.dumps(SECRET)[:109], json.dumps(SECRET)[109:121], json.dumps(SECRET)[121:]], coded(KEY), must_appear=['"no": ""']),
    body("mixed_list", json.dumps({"kind": "List", "items": [SECRET, {"kind": "ConfigMap", "data": {"c": "stays-here"}}]}), coded(KEY),
         must_appear=["stays-here"]),
    body("docker_config", json.dumps({"kind": "Secret", "type": "kubernetes.io/dockerconfigjson", "data": {
        ".dockerconfigjson": coded(json.dumps({"auths": {"r.example": {"auth": coded("u:" + UNKNOWN)}}}))}}), coded("u:" + UNKNOWN)[:12],
         coded(json.dumps({"auths": {"r.example": {"auth": coded("u:" + UNKNOWN)}}}))),
    body("secret_list_without_kinds", json.dumps({"kind": "SecretList", "items": [
        {"metadata": {"name": "one"}, "data": {"x": coded(UNKNOWN)}}, {"metadata": {"name": "two"}, "data": {"y": coded(OTHER)}}]}),
         coded(UNKNOWN), coded(OTHER), must_appear=["one", "two"]),
    body("string_data_nobody_knew", json.dumps({"kind": "Secret", "stringData": {"k": UNKNOWN}}), UNKNOWN),
    body("yaml_anchor", f"kind: Secret\nstringData:\n  one: &x {UNKNOWN}\n  two: *x\n", UNKNOWN, content_type=YAML),
    body("config_map_with_a_known_value", json.dumps({"kind": "ConfigMap", "data": {"f": f"[s]\npw={OTHER}\nn=1\n"}}), OTHER, must_appear=["[s]\\npw=", "\\nn=1"]),
    body("yaml_secret", f"kind: Secret\nmetadata:\n  name: db\ndata:\n  p: {coded(KEY)}\n  q: '{coded(UNKNOWN)}'\n", coded(KEY), coded(UNKNOWN),
         content_type=YAML, must_appear=["name: db"]),
    body("keys_in_other_letters", f'{{"KIND":"Secret","\u017ftringData":{{"a":"{UNKNOWN}"}},"DATA":{{"a":"{coded(UNKNOWN)}"}}}}', UNKNOWN, coded(UNKNOWN)),
    body("yaml_line_continued", f'kind: Y\nspec:\n  n: "bb {OTHER[:12]}\\\n     {OTHER[12:]}"\n', OTHER[:12], OTHER[12:], content_type=YAML, must_appear=["bb "]),
    body("large_list_as_it_is", json.dumps({"kind": "PodList", "items": [{"metadata": {"name": f"p{i}"}} for i in range(60)]}), same=True),
    body("mask_sent_back", json.dumps({"kind": "Secret", "data": {"pw": coded("*" * 11)}}), direction="request", refused="destroy"),
    body("kind_after_data", json.dumps({"data": {"a": coded(UNKNOWN)}, "kind": "Secret"}), coded(UNKNOWN)),
    body("type_after_data", json.dumps({"data": {"a": coded(UNKNOWN)}, "type": "Opaque"}), coded(UNKNOWN)),
    body("list_kind_after_items", json.dumps({"items": [{"data": {"x": coded(UNKNOWN)}}], "kind": "SecretList"}), coded(UNKNOWN)),
    body("watch_frames", [json.dumps({"type": "ADDED", "object": SECRET}) + "\n", json.dumps({"type": "MODIFIED", "object": APPLIED}) + "\n"], coded(KEY), UNKNOWN),
    body("table", json.dumps({"kind": "Table", "rows": [{"cells": ["s", "Opaque", 2], "object": SECRET}]}), coded(KEY), must_appear=['["s", "Opaque", 2]']),
    body("last_applied", json.dumps(APPLIED), UNKNOWN, coded(UNKNOWN)),
    body("env_value_named", json.dumps(POD), UNKNOWN, must_appear=['"fast"', '"DB_PASSWORD"']),
    body("env_value_before_its_name", json.dumps({"value": UNKNOWN, "name": "API_TOKEN"}), UNKNOWN),
    body("token_request", json.dumps({"kind": "TokenRequest", "status": {"token": UNKNOWN}}), UNKNOWN),
    body("escaped_letter", f'{{"kind":"X","n":"{KEY[:6]}\\u00{ord(KEY[6]):x}{KEY[7:]}"}}', KEY[7:]),
    body("escaped_key_names", f'{{"\\u006bind":"\\u0053ecret","d\\u0061ta":{{"a":"{coded(UNKNOWN)}"}}}}', coded(UNKNOWN)),
    body("secret_as_a_key", json.dumps({"f:data": {f"k:{KEY}": {}}}), KEY),
    body("card_number", '{"n": 4242424242424242, "m": 12}', "4242424242424242", must_appear=['"m": 12']),
    body("yaml_merge_key", f"base: &b\n  stringData:\n    a: {UNKNOWN}\nitem:\n  <<: *b\n  kind: Secret\n", UNKNOWN, content_type=YAML),
    body("yaml_block", f"kind: Secret\nstringData:\n  a: |\n    {UNKNOWN}\n    more\n  b: >-\n    {OTHER}\n---\nkind: Pod\n", UNKNOWN, OTHER, content_type=YAML, must_appear=["kind: Pod"]),
    body("yaml_comment", f"kind: Pod\n# was {KEY}\nspec: {{}}\n", KEY, content_type=YAML, must_appear=["# was", "spec: {}"]),
    body("yaml_as_it_is", "# list\nkind: Pod\nspec: {a: [1, 'it''s'], b: \"x\\ty\"} # end\nargs:\n- |\n  run\n", content_type=YAML, same=True),
    body("write_as_it_is", json.dumps(SECRET | {"verbs": ["*"]}), direction="request", same=True),
    body("protobuf", "k8s\0", content_type="application/vnd.kubernetes.protobuf", refused="Accept: application/json"),
    body("nothing_after_the_document", '{"kind":"Pod"} x', refused="no valid JSON"),
    body("no_comments", '{"kind":"Pod" /* */}', refused="no valid JSON"),
    body("cut_short", '{"kind":"Pod","a":"', refused="ended inside"),
]  # fmt: skip
