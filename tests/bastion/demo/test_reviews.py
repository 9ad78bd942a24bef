"""TokenReview, the access reviews and TokenRequest."""

from __future__ import annotations

import base64
import json

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

AUTHN, AUTHZ = "/apis/authentication.k8s.io/v1", "/apis/authorization.k8s.io/v1"


async def review(wire, path: str, spec: dict, user: str = "admin") -> dict:
    answer = await wire.call(path, method="POST", user=user, body={"spec": spec})
    assert answer.code == 201, answer
    return answer.json["status"]


@pytest.mark.parametrize(
    ("user", "asked", "allowed"),
    [
        ("alice", {"verb": "create", "resource": "pods", "subresource": "exec", "namespace": "shop"}, True),
        ("alice", {"verb": "create", "resource": "pods", "name": "exec", "namespace": "shop"}, False),
        ("carol", {"verb": "get", "resource": "pods", "subresource": "exec", "namespace": "shop"}, False),
        ("bastion", {"verb": "watch", "resource": "secrets"}, True),
        ("mallory", {"verb": "list", "resource": "pods", "namespace": "shop"}, False),
    ],
)
async def test_a_caller_learns_what_it_may_do(wire, user, asked, allowed):
    status = await review(wire, f"{AUTHZ}/selfsubjectaccessreviews", {"resourceAttributes": asked}, user)
    assert status["allowed"] is allowed


async def test_others_may_be_asked_about_only_with_the_right_to(wire):
    asked = {"verb": "get", "resource": "pods", "subresource": "exec", "namespace": "shop"}
    spec = {"user": "oidc:x", "groups": ["oidc:dev"], "resourceAttributes": asked}
    path = f"{AUTHZ}/subjectaccessreviews"
    assert (await review(wire, path, spec, "bastion"))["allowed"] is True
    assert (await review(wire, path, spec | {"groups": []}, "bastion"))["allowed"] is False
    assert (await wire.call(path, method="POST", user="alice", body={"spec": spec})).code == 403


async def test_non_resource_paths_and_rules(wire):
    spec = {"nonResourceAttributes": {"verb": "get", "path": "/version"}}
    assert (await review(wire, f"{AUTHZ}/selfsubjectaccessreviews", spec, "mallory"))["allowed"] is True
    rules = await review(wire, f"{AUTHZ}/selfsubjectrulesreviews", {"namespace": "shop"}, "dave")
    assert {"verbs": ["get"], "apiGroups": [""], "resources": ["pods/exec"]} in rules["resourceRules"]
    who = await review(wire, f"{AUTHN}/selfsubjectreviews", {}, "alice")
    assert who["userInfo"]["username"] == "alice"


async def test_a_token_review_tells_whose_token_it_is(wire):
    status = await review(wire, f"{AUTHN}/tokenreviews", {"token": wire.token("alice")}, "bastion")
    assert (status["authenticated"], status["user"]["username"]) == (True, "alice")
    status = await review(wire, f"{AUTHN}/tokenreviews", {"token": "x"}, "bastion")
    assert "authenticated" not in status
    spec = {"token": wire.token("alice"), "audiences": ["elsewhere"]}
    assert "authenticated" not in await review(wire, f"{AUTHN}/tokenreviews", spec, "bastion")


TOKEN = "/api/v1/namespaces/shop/serviceaccounts/web/token"


async def test_a_requested_token_works_and_is_audited_by_its_id(wire):
    answer = await wire.call(TOKEN, method="POST", body={"spec": {"expirationSeconds": 900}})
    token = answer.json["status"]["token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["exp"] - claims["iat"] == 900
    who = await wire.call(
        f"{AUTHN}/selfsubjectreviews",
        method="POST",
        user=None,
        body={"spec": {}},
        headers=[("Authorization", f"Bearer {token}")],
    )
    assert who.json["status"]["userInfo"]["username"] == "system:serviceaccount:shop:web"
    lines = wire.cluster.audit_file.read_text().splitlines()
    issued = [json.loads(line) for line in lines if "issued-credential-id" in line]
    assert (
        issued[-1]["annotations"]["authentication.kubernetes.io/issued-credential-id"]
        == f"JTI={claims['jti']}"
    )
    assert not any(token in line for line in lines)


@pytest.mark.parametrize(
    ("spec", "user", "code", "words"),
    [
        ({"expirationSeconds": 599}, "admin", 422, "may not specify a duration less than 10 minutes"),
        ({"expirationSeconds": "x"}, "admin", 400, "must be a number"),
        ({}, "bastion", 403, 'cannot create resource "serviceaccounts/token"'),
    ],
)
async def test_a_token_request_is_refused(wire, spec, user, code, words):
    answer = await wire.call(TOKEN, method="POST", user=user, body={"spec": spec})
    assert answer.code == code
    assert words in answer.json["message"]
