"""The bastion's own credential: where it comes from, when it is renewed, and what must not be."""

from __future__ import annotations

import base64
import sys
import tempfile

import pytest
from aiohttp import web

from bastion.kube.client import Client
from bastion.kube.settings import KubeSettings
from bastion.model.refusal import Refusal

PATH = "/api/v1/namespaces/shop/pods/web-0"
REREAD = "bastion.kube.credentials.REREAD"


@pytest.fixture
async def make_client():
    made = []

    def make(path, **fields):
        values = {"allow_insecure": True, "credential_timeout": 5.0, **fields}
        made.append(Client(KubeSettings("prod", path, **values)))
        return made[-1]

    yield make
    for client in made:
        await client.close()


@pytest.fixture
def plugin(tmp_path):
    """An exec plugin that counts its runs and prints `answer`, an expression of `count`."""

    def make(answer, code=0, **fields):
        count = tmp_path / "count"
        script = tmp_path / "plugin"
        script.write_text(
            f"#!{sys.executable}\nimport json, os, time, sys\n"
            f"count = os.path.getsize({str(count)!r})\n"
            f"open({str(count)!r}, 'a').write('x')\n"
            f"print({answer})\nsys.exit({code})\n"
        )
        script.chmod(0o700)
        count.write_text("")
        section = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(script), **fields}
        return {"exec": {"interactiveMode": "IfAvailable", **section}}, lambda: len(count.read_text())

    return make


def credential(**status):
    """An expression that prints an ExecCredential; `{count}` stands for the number of the run."""
    body = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    return f"json.dumps({body!r}).replace('COUNT', str(count))"


def tokens(server):
    return [request.headers.get("Authorization") for request in server.requests]


async def test_a_plugins_token_is_used_and_kept_until_it_ends(server, kubeconfig, make_client, plugin):
    user, runs = plugin(credential(token="t-COUNT", expirationTimestamp="2999-01-01T00:00:00Z"))
    client = make_client(kubeconfig(user))
    for _ in range(3):
        await client.get(PATH)
    assert tokens(server) == ["Bearer t-0"] * 3
    assert runs() == 1


async def test_a_plugins_token_that_ends_soon_is_renewed_before_it_is_sent(
    server, kubeconfig, make_client, plugin
):
    user, _ = plugin(credential(token="t-COUNT", expirationTimestamp="2001-01-01T00:00:00Z"))
    client = make_client(kubeconfig(user))
    await client.get(PATH)
    await client.get(PATH)
    assert tokens(server) == ["Bearer t-1", "Bearer t-2"]


async def test_a_rejected_token_is_renewed_once(server, kubeconfig, make_client, plugin, make_pod):
    user, runs = plugin(credential(token="t-COUNT"))
    client = make_client(kubeconfig(user))

    def only_second(request):
        good = request.headers["Authorization"] == "Bearer t-1"
        return web.json_response(make_pod()) if good else web.Response(status=401)

    server.objects[PATH] = only_second
    assert await client.get(PATH) == make_pod()
    server.objects[PATH] = lambda _request: web.Response(status=401)
    assert (await client.get(PATH)).code == "unauthorized"
    assert runs() == 3


async def test_a_rejected_exec_is_tried_once_more_with_a_fresh_token(server, kubeconfig, make_client, plugin):
    user, runs = plugin(credential(token="t-COUNT"))
    server.objects[PATH + "/exec"] = lambda _request: web.Response(status=401)
    refusal = await make_client(kubeconfig(user)).upgrade(PATH + "/exec", [("command", "x")], ())
    assert refusal.code == "unauthorized"
    assert tokens(server) == ["Bearer t-0", "Bearer t-1"]
    assert runs() == 2


@pytest.mark.parametrize(
    "answer",
    [
        ("'hunter2'", 0),
        (credential(token="hunter2"), 3),
        (credential(), 0),
        (credential(clientCertificateData="hunter2"), 0),
        (credential(token="hunter2\r\nX: y"), 0),
        ("json.dumps({'kind': 'ExecCredential', 'status': {'token': 'hunter2'}})", 0),
        ("'x' * 3_000_000", 0),
        ("time.sleep(60)", 0),
    ],
)
async def test_a_plugin_that_fails_is_a_refusal_and_no_request_without_a_token(
    server, kubeconfig, make_client, plugin, answer
):
    user, _ = plugin(*answer)
    refusal = await make_client(kubeconfig(user), credential_timeout=1.5).get(PATH)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "cluster-config"
    assert "hunter2" not in refusal.line()
    assert server.requests == []


async def test_a_plugin_that_wants_a_terminal_is_refused(server, kubeconfig, make_client, plugin):
    user, runs = plugin(credential(token="t"), interactiveMode="Always")
    assert (await make_client(kubeconfig(user)).get(PATH)).code == "cluster-config"
    assert runs() == 0


async def test_a_token_file_wins_and_is_read_again(server, kubeconfig, make_client, tmp_path, monkeypatch):
    (tmp_path / "token").write_text("one\n")
    client = make_client(kubeconfig({"tokenFile": str(tmp_path / "token"), "token": "static"}))
    await client.get(PATH)
    (tmp_path / "token").write_text("two\n")
    await client.get(PATH)
    monkeypatch.setattr(REREAD, 0.0)
    await client.get(PATH)
    assert tokens(server) == ["Bearer one", "Bearer one", "Bearer two"]


async def test_reload_takes_the_new_credential_and_a_broken_file_keeps_the_old(
    server, kubeconfig, make_client, tmp_path
):
    client = make_client(kubeconfig({"token": "one"}))
    await client.get(PATH)
    kubeconfig({"token": "two"})
    assert await client.reload() is None
    await client.get(PATH)
    (tmp_path / "kubeconfig").write_text("users: [{name: u, user: {token: hunter2")
    refusal = await client.reload()
    assert refusal.code == "cluster-config"
    assert "hunter2" not in refusal.line()
    await client.get(PATH)
    assert tokens(server) == ["Bearer one", "Bearer two", "Bearer two"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "users: 3",
        "current-context: nowhere",
        (
            "{current-context: c, contexts: [{name: c, context: {cluster: k, user: u}}],"
            " clusters: [{name: k, cluster: {server: 'https://h'}}], users: [{name: u, token: hunter2}]}"
        ),
        "{users: [{name: u, user: {token: hunter2, client-certificate: /nowhere}}], contexts: [{name: c}]}",
    ],
)
async def test_a_kubeconfig_that_is_not_one_is_a_refusal_without_its_content(make_client, tmp_path, text):
    path = tmp_path / "broken"
    path.write_text(text)
    refusal = await make_client(str(path)).get(PATH)
    assert refusal.code == "cluster-config"
    assert "hunter2" not in refusal.line()


async def test_a_missing_kubeconfig_says_so(make_client, tmp_path):
    refusal = await make_client(str(tmp_path / "nowhere")).get(PATH)
    assert "no kubeconfig file" in refusal.text


@pytest.mark.parametrize(
    "cluster",
    [{}, {"insecure-skip-tls-verify": True, "server": "https://h"}, {"proxy-url": "socks5://h:1"}],
)
async def test_an_unsafe_connection_is_refused_unless_asked_for(kubeconfig, make_client, cluster):
    insecure = "proxy-url" in cluster
    refusal = await make_client(kubeconfig(**cluster), allow_insecure=insecure).get(PATH)
    assert refusal.code == "cluster-config"


async def test_in_cluster_uses_the_mounted_token_and_reads_it_again(make_client, monkeypatch, tmp_path, tls):
    client = make_client("", in_cluster=True, allow_insecure=False)
    assert "Service host" in (await client.get(PATH)).text
    package = "kubernetes.aio.config.incluster_config.SERVICE_"
    monkeypatch.setattr(package + "TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(package + "CERT_FILENAME", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "localhost")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", tls.url.rpartition(":")[2])
    monkeypatch.setattr(REREAD, 0.0)
    for token in ("one\n", "two\n"):
        (tmp_path / "token").write_text(token)
        assert isinstance(await client.get(PATH), dict)
    assert tls.tokens == ["bearer one", "bearer two"]


async def test_embedded_keys_never_reach_the_disk(kubeconfig, make_client, tls, monkeypatch):
    written = []
    monkeypatch.setattr(tempfile, "mkstemp", lambda *place, **_more: written.append(place))
    encode = lambda data: base64.b64encode(data).decode()  # noqa: E731 - one line of a table
    user = {
        "client-certificate-data": encode(tls.client_certificate),
        "client-key-data": encode(tls.client_key),
    }
    path = kubeconfig(user, server=tls.url, **{"certificate-authority-data": encode(tls.authority)})
    client = make_client(path, allow_insecure=False)
    assert await client.get(PATH) == {"you": "CN=bastion"}
    assert written == []


async def test_a_server_of_another_authority_is_not_trusted(kubeconfig, make_client, tls):
    refusal = await make_client(kubeconfig(server=tls.url), allow_insecure=False).get(PATH)
    assert (refusal.code, "not trusted" in refusal.text) == ("cluster-down", True)


async def test_tls_server_name_is_what_the_certificate_is_checked_for(kubeconfig, make_client, tls):
    data = {"certificate-authority-data": base64.b64encode(tls.authority).decode(), "server": tls.url}
    for name, good in (("api.internal", True), ("other.internal", False)):
        client = make_client(kubeconfig(**data, **{"tls-server-name": name}), allow_insecure=False)
        assert isinstance(await client.get(PATH), dict) is good


async def test_the_proxy_carries_reads_and_execs(server, kubeconfig, make_client, tls, proxy):
    data = {"certificate-authority-data": base64.b64encode(tls.authority).decode(), "server": tls.url}
    client = make_client(kubeconfig(**data, **{"proxy-url": proxy.url}), allow_insecure=False)
    assert isinstance(await client.get(PATH), dict)
    assert (await client.upgrade(PATH + "/exec", [("command", "x")], ())).code == "no-protocol"
    assert proxy.targets == [tls.url.removeprefix("https://")] * 2
