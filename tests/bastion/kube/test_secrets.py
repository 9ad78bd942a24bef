"""Which Secrets a pod reaches, and that a value which cannot be known is a refusal."""

from __future__ import annotations

import base64

import pytest
from aiohttp import web

from bastion.kube.secrets import references
from bastion.model.masks import KnownValue
from bastion.model.refusal import Refusal

NAMESPACE = "/api/v1/namespaces/shop"
WEB = NAMESPACE + "/pods/web-0"

SPEC = {
    "containers": [
        {
            "name": "app",
            "env": [
                {"name": "A", "value": "plain"},
                {"name": "B", "valueFrom": {"secretKeyRef": {"name": "env", "key": "one"}}},
                {"name": "C", "valueFrom": {"secretKeyRef": {"name": "env", "key": "two"}}},
                {"name": "D", "valueFrom": {"configMapKeyRef": {"name": "no", "key": "x"}}},
            ],
            "envFrom": [{"secretRef": {"name": "all"}}, {"configMapRef": {"name": "no"}}],
        }
    ],
    "initContainers": [{"name": "i", "envFrom": [{"secretRef": {"name": "init", "optional": True}}]}],
    "ephemeralContainers": [{"name": "d", "envFrom": [{"secretRef": {"name": "debug"}}]}],
    "volumes": [
        {"name": "v", "secret": {"secretName": "vol"}},
        {"name": "w", "secret": {"secretName": "some", "items": [{"key": "k", "path": "p"}]}},
        {"name": "x", "projected": {"sources": [{"secret": {"name": "proj"}}, {"serviceAccountToken": {}}]}},
        {"name": "y", "configMap": {"name": "no"}},
    ],
    "imagePullSecrets": [{"name": "pull"}],
}


def test_every_way_to_reach_a_secret_is_followed():
    reached = references({"spec": SPEC})
    assert reached.keys == {
        "init": None,
        "env": {"one", "two"},
        "all": None,
        "debug": None,
        "vol": None,
        "some": {"k"},
        "proj": None,
        "pull": None,
    }
    assert reached.required == set(reached.keys) - {"init", "pull"}


def test_a_key_and_the_whole_are_the_whole():
    one = {"valueFrom": {"secretKeyRef": {"name": "s", "key": "one"}}}
    spec = {"containers": [{"env": [one], "envFrom": [{"secretRef": {"name": "s"}}]}]}
    assert references({"spec": spec}).keys == {"s": None}
    spec["containers"].append({"env": [one]})
    assert references({"spec": spec}).keys == {"s": None}


def secret(**values):
    return {"data": {key: base64.b64encode(value).decode() for key, value in values.items()}}


def give(server, make_pod, spec, **secrets):
    pod = make_pod()
    pod["spec"] = {"automountServiceAccountToken": False, "containers": [{"name": "app"}], **spec}
    server.objects[WEB] = pod
    for name, data in secrets.items():
        server.objects[f"{NAMESPACE}/secrets/{name}"] = data


def volume(*names, **more):
    return {"volumes": [{"name": name, "secret": {"secretName": name, **more}} for name in names]}


async def test_values_come_with_references_that_name_nothing(server, cluster, grant, make_pod):
    give(server, make_pod, volume("aaa", "bbb"), aaa=secret(k=b"hunter2hunter2\n"), bbb=secret(x=b"abc"))
    values = await cluster.secrets(grant().pod)
    assert values == (KnownValue("secret-1/1", b"hunter2hunter2"), KnownValue("secret-2/1", b"abc"))
    assert "hunter2" not in repr(values)


async def test_only_the_keys_that_are_reached_are_masked_and_public_ones_are_not(
    server, cluster, grant, make_pod
):
    data = {"password": b"s3cret-99", "user": b"somebody"}
    give(server, make_pod, volume("aaa", items=[{"key": "password", "path": "p"}]), aaa=secret(**data))
    assert [known.value for known in await cluster.secrets(grant().pod)] == [b"s3cret-99"]
    give(server, make_pod, volume("aaa"), aaa=secret(**{"ca.crt": b"public thing", "tls.key": b"private"}))
    assert [known.value for known in await cluster.secrets(grant().pod)] == [b"private"]


async def test_secrets_are_got_by_name_and_never_listed(server, cluster, grant, make_pod):
    give(server, make_pod, volume("aaa"), aaa=secret(k=b"v"))
    await cluster.secrets(grant().pod)
    assert [request.path for request in server.requests] == [WEB, f"{NAMESPACE}/secrets/aaa"]


@pytest.mark.parametrize(
    "answer", [(403, "secrets-unknown"), (404, "secrets-unknown"), (503, "cluster-down")]
)
async def test_a_secret_that_cannot_be_read_is_a_refusal_that_does_not_name_it(
    server, cluster, grant, make_pod, answer
):
    status, code = answer
    body = {"kind": "Status", "reason": "x", "message": 'secrets "hidden" is forbidden'}
    give(server, make_pod, volume("good", "hidden"), good=secret(k=b"v"))
    server.objects[f"{NAMESPACE}/secrets/hidden"] = lambda _request: web.json_response(body, status=status)
    refusal = await cluster.secrets(grant().pod)
    assert refusal.code == code
    assert "hidden" not in refusal.line()


async def test_an_optional_secret_may_be_missing_but_not_forbidden(server, cluster, grant, make_pod):
    give(server, make_pod, volume("gone", optional=True))
    assert await cluster.secrets(grant().pod) == ()
    server.objects[f"{NAMESPACE}/secrets/gone"] = lambda _request: web.Response(status=403)
    assert isinstance(await cluster.secrets(grant().pod), Refusal)


@pytest.mark.parametrize(
    "data",
    [{"data": {"k": "no base64!"}}, {"data": []}, {"data": {"k": 3}}, secret(k=b"x" * (1024 * 1024 + 1))],
)
async def test_a_value_that_cannot_be_decoded_or_is_too_large_is_a_refusal(
    server, cluster, grant, make_pod, data
):
    give(server, make_pod, volume("aaa"), aaa=data)
    assert (await cluster.secrets(grant().pod)).code == "secrets-unknown"


async def test_too_many_secrets_or_values_are_a_refusal_and_not_cut(server, cluster, grant, make_pod):
    give(server, make_pod, volume(*(f"s{number}" for number in range(201))))
    assert (await cluster.secrets(grant().pod)).code == "secrets-unknown"
    lines = b"\n".join(b"line-%06d" % number for number in range(11_000))
    give(server, make_pod, volume("aaa"), aaa=secret(k=lines))
    assert (await cluster.secrets(grant().pod)).code == "secrets-unknown"


async def test_the_token_secrets_of_the_service_account_count_unless_it_is_not_mounted(
    server, cluster, grant, make_pod
):
    account = f"{NAMESPACE}/serviceaccounts/robot"
    server.objects[account] = {"secrets": [{"name": "robot-token"}]}
    spec = {"serviceAccountName": "robot", "automountServiceAccountToken": None}
    give(server, make_pod, spec, **{"robot-token": secret(token=b"ey.token.sig")})
    assert [known.value for known in await cluster.secrets(grant().pod)] == [b"ey.token.sig"]
    give(server, make_pod, {**spec, "automountServiceAccountToken": False})
    assert await cluster.secrets(grant().pod) == ()
    give(server, make_pod, spec)
    server.objects[account] = lambda _request: web.Response(status=403)
    assert (await cluster.secrets(grant().pod)).code == "secrets-unknown"
