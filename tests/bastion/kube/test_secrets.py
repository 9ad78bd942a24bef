"""Reading Secrets: what is known of them, and why not; no reference and no refusal names one."""

from __future__ import annotations

import base64

import pytest
import structlog
from aiohttp import web

from bastion.core.masking.patterns import MAX_VALUES
from bastion.kube.secrets import COPIES, MAX_PAGES, PAGE
from bastion.model.masks import Known, KnownValue
from bastion.model.refusal import Refusal

NAMESPACE = "/api/v1/namespaces/shop"
WEB = NAMESPACE + "/pods/web-0"


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


def refused(reading):
    """Why not all is known."""
    return reading if isinstance(reading, Refusal) else reading.known.why


async def known(cluster, grant, scope="pod"):
    """What is known for a session, and nothing but that."""
    reading = await cluster.secrets(grant().pod, scope)
    assert not isinstance(reading, Refusal), reading
    reading.close()
    return reading.known


async def test_values_come_with_references_that_name_nothing_and_weak_ones_apart(
    server, cluster, grant, make_pod
):
    give(server, make_pod, volume("aaa", "bbb"), aaa=secret(k=b"hunter2hunter2\n"), bbb=secret(x=b"abc"))
    found = await known(cluster, grant)
    assert found == Known((KnownValue("secret-1/1", b"hunter2hunter2"),), ("secret-2/1",), 2)
    assert "hunter2" not in repr(found)


async def test_a_common_word_as_a_password_is_told_as_weak(server, cluster, grant, make_pod):
    for key, weak in (("username", 0), ("password", 1)):
        give(server, make_pod, volume(key), **{key: secret(**{key: b"postgres"})})
        found = await known(cluster, grant)
        assert (found.values, len(found.weak)) == ((), weak)


async def test_the_log_names_where_a_weak_value_stands_and_not_the_value(server, cluster, grant, make_pod):
    give(server, make_pod, volume("aaa"), aaa=secret(pin=b"q1w2"))
    with structlog.testing.capture_logs() as logs:
        await known(cluster, grant)
    place = {"cluster": "prod", "namespace": "shop", "secret": "aaa", "keys": ["pin"], "values": 1}
    assert {"event": "secret.weak", "log_level": "warning", **place} in logs
    assert "q1w2" not in repr(logs)


async def test_only_the_keys_that_are_reached_are_masked_and_public_ones_are_not(
    server, cluster, grant, make_pod
):
    data = {"password": b"s3cret-99", "user": b"somebody"}
    give(server, make_pod, volume("aaa", items=[{"key": "password", "path": "p"}]), aaa=secret(**data))
    assert [one.value for one in (await known(cluster, grant)).values] == [b"s3cret-99"]
    give(server, make_pod, volume("aaa"), aaa=secret(**{"ca.crt": b"public thing", "tls.key": b"private"}))
    assert [one.value for one in (await known(cluster, grant)).values] == [b"private"]


async def test_secrets_are_got_by_name_and_never_listed(server, cluster, grant, make_pod):
    give(server, make_pod, volume("aaa"), aaa=secret(k=b"v"))
    await known(cluster, grant)
    paths = [request.path for request in server.requests if "watch" not in request.query]
    assert paths == [WEB, f"{NAMESPACE}/secrets/aaa"]


@pytest.mark.parametrize(
    "answer", [(403, "secrets-unknown"), (404, "secrets-unknown"), (503, "cluster-down")]
)
async def test_a_secret_that_cannot_be_read_is_a_refusal_that_does_not_name_it_and_the_rest_is_known(
    server, cluster, grant, make_pod, answer
):
    status, code = answer
    body = {"kind": "Status", "reason": "x", "message": 'secrets "hidden" is forbidden'}
    give(server, make_pod, volume("good", "hidden"), good=secret(k=b"good-value-1"))
    server.objects[f"{NAMESPACE}/secrets/hidden"] = lambda _request: web.json_response(body, status=status)
    found = await known(cluster, grant)
    assert found.why.code == code
    assert "hidden" not in found.why.line()
    assert (found.unread, found.secrets) == (1, 2)
    assert [one.value for one in found.values] == [b"good-value-1"]


async def test_an_optional_secret_may_be_missing_but_not_forbidden(server, cluster, grant, make_pod):
    give(server, make_pod, volume("gone", optional=True))
    assert await known(cluster, grant) == Known(secrets=1)
    server.objects[f"{NAMESPACE}/secrets/gone"] = lambda _request: web.Response(status=403)
    assert (await known(cluster, grant)).why.code == "secrets-unknown"


@pytest.mark.parametrize(
    "data",
    [{"data": {"k": "no base64!"}}, {"data": []}, {"data": {"k": 3}}, secret(k=b"x" * (1024 * 1024 + 1))],
)
async def test_a_value_that_cannot_be_decoded_or_is_too_large_is_a_refusal(
    server, cluster, grant, make_pod, data
):
    give(server, make_pod, volume("aaa"), aaa=data)
    assert (await known(cluster, grant)).why.code == "secrets-unknown"


async def test_too_many_secrets_or_values_are_a_refusal_and_not_cut(server, cluster, grant, make_pod):
    give(server, make_pod, volume(*(f"s{number}" for number in range(201))))
    assert refused(await cluster.secrets(grant().pod, "pod")).code == "secrets-unknown"
    lines = b"\n".join(b"line-%06d" % number for number in range(5000))
    give(server, make_pod, volume("aaa"), aaa=secret(k=lines))
    found = await known(cluster, grant)
    assert found.why.code == "secrets-unknown"
    assert len(found.values) == MAX_VALUES


async def test_the_whole_namespace_is_listed_page_by_page_without_the_copies_of_helm(
    server, cluster, grant, make_pod
):
    give(server, make_pod, {})
    copy = {"metadata": {"name": "c"}, "type": next(iter(COPIES)), **secret(release=b"a-release-value-1")}
    items = [
        {"metadata": {"name": name}, **secret(k=b"value-of-" + name.encode())} for name in ("aaa", "bbb")
    ]

    def page(request):
        first = "continue" not in request.query
        meta = {"resourceVersion": "7", **({"continue": "x"} if first else {})}
        return web.json_response({"metadata": meta, "items": [items[0], copy] if first else [items[1]]})

    server.objects[f"{NAMESPACE}/secrets"] = page
    found = await known(cluster, grant, "namespace")
    assert [one.value for one in found.values] == [b"value-of-aaa", b"value-of-bbb"]
    assert found.secrets == 3
    assert [request.query.get("limit") for request in server.requests if "limit" in request.query] == [
        str(PAGE)
    ] * 2


@pytest.mark.parametrize("answer", [403, {"metadata": {"continue": "again"}, "items": []}, {"items": 3}])
async def test_a_namespace_that_cannot_be_listed_to_its_end_is_a_refusal(
    server, cluster, grant, make_pod, answer
):
    give(server, make_pod, {})
    server.objects[f"{NAMESPACE}/secrets"] = (
        (lambda _request: web.Response(status=answer)) if isinstance(answer, int) else answer
    )
    assert refused(await cluster.secrets(grant().pod, "namespace")).code == "secrets-unknown"
    assert len(server.requests) <= MAX_PAGES + 1


async def test_the_token_secrets_of_the_service_account_count_unless_it_is_not_mounted(
    server, cluster, grant, make_pod
):
    account = f"{NAMESPACE}/serviceaccounts/robot"
    server.objects[account] = {"secrets": [{"name": "robot-token"}]}
    spec = {"serviceAccountName": "robot", "automountServiceAccountToken": None}
    give(server, make_pod, spec, **{"robot-token": secret(token=b"ey.token.sig")})
    assert [one.value for one in (await known(cluster, grant)).values] == [b"ey.token.sig"]
    give(server, make_pod, {**spec, "automountServiceAccountToken": False})
    assert await known(cluster, grant) == Known()
    give(server, make_pod, spec)
    server.objects[account] = lambda _request: web.Response(status=403)
    assert refused(await cluster.secrets(grant().pod, "pod")).code == "secrets-unknown"
