"""The node: volumes and environment come from the objects a pod names."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


@pytest.mark.parametrize(
    ("target", "container", "path", "secret", "key"),
    [
        ("shop/web-0", "app", "/etc/secrets/db-password", ("shop", "web-credentials"), "db-password"),
        ("shop/web-0", "app", "/etc/secrets/api-token", ("shop", "web-credentials"), "api-token"),
        ("bank/ledger-0", "ledger", "/etc/ledger/signing-key", ("bank", "ledger-keys"), "signing-key"),
    ],
)
async def test_a_mounted_secret_is_a_read_only_file(wire, *, target, container, path, secret, key):
    where = {"target": target, "container": container}
    done = await wire.run("cat", path, **where)
    assert done.channel(1) == wire.cluster.faults.secret(*secret)[key]
    assert (await wire.run("sh", "-c", f"echo x > {path}", **where)).code != 0


@pytest.mark.parametrize(
    ("target", "container", "name", "secret", "key"),
    [
        ("shop/web-0", "app", "DB_PASSWORD", ("shop", "web-credentials"), "db-password"),
        ("shop/api-0", "app", "PAYMENT_KEY", ("shop", "api-env"), "PAYMENT_KEY"),
    ],
)
async def test_a_secret_in_the_environment_is_its_value(wire, *, target, container, name, secret, key):
    done = await wire.run("printenv", name, target=target, container=container)
    assert done.channel(1).strip() == wire.cluster.faults.secret(*secret)[key]


async def test_the_environment_is_the_containers_and_nothing_of_the_hosts(wire):
    done = await wire.run("env", target="shop/api-0", container="sidecar")
    names = {line.split("=")[0] for line in done.channel(1).decode().splitlines()}
    assert names == {
        "PATH",
        "HOSTNAME",
        "HOME",
        "KUBERNETES_SERVICE_HOST",
        "KUBERNETES_SERVICE_PORT",
        "KUBERNETES_SERVICE_PORT_HTTPS",
        "KUBERNETES_PORT",
    }


async def test_the_accounts_token_is_mounted_and_works(wire):
    token = (await wire.run("cat", f"{ACCOUNT}/token")).channel(1).decode()
    assert (await wire.run("cat", f"{ACCOUNT}/namespace")).channel(1) == b"shop"
    assert (await wire.run("cat", f"{ACCOUNT}/ca.crt")).channel(1) == wire.cluster.ca_file.read_bytes()
    answer = await wire.call(
        "/api/v1/namespaces/shop/secrets", user=None, headers=[("Authorization", f"Bearer {token}")]
    )
    assert answer.code == 403
    assert 'User "system:serviceaccount:shop:web" cannot list' in answer.json["message"]


async def test_common_programs_are_there(wire):
    names = "sh bash ls cat grep sed awk tail head ps top id stty tar"
    script = f"for p in {names}; do command -v $p >/dev/null || echo $p; done"
    assert (await wire.run("bash", "-c", script)).channel(1) == b""
