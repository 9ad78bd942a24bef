"""The sample objects and files hang together."""

from __future__ import annotations

from bastion.demo import samples
from bastion.demo.objects import ObjectStore
from bastion.demo.resources import BY_NAME


def filled() -> ObjectStore:
    store = ObjectStore()
    samples.fill(store, "CA")
    return store


async def test_every_running_container_has_a_program_and_every_program_a_container():
    pods = filled().list(BY_NAME["", "pods"], lambda item: item["status"]["phase"] == "Running")
    found = {
        (pod["metadata"]["namespace"], pod["metadata"]["name"], container["name"])
        for pod in pods
        for container in pod["spec"]["containers"]
    }
    assert found == set(samples.PROGRAMS)


async def test_every_volume_and_variable_names_something_that_exists():
    store = filled()
    for pod in store.list(BY_NAME["", "pods"], lambda _: True):
        namespace, spec = pod["metadata"]["namespace"], pod["spec"]
        names = {volume["name"] for volume in spec["volumes"]}
        store.get("serviceaccounts", namespace, spec["serviceAccountName"])
        for container in spec["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= names
            for entry in container.get("env", []):
                reference = entry.get("valueFrom", {}).get("secretKeyRef")
                if reference:
                    assert reference["key"] in store.get("secrets", namespace, reference["name"])["data"]
        for volume in spec["volumes"]:
            if "secret" in volume:
                store.get("secrets", namespace, volume["secret"]["secretName"])


async def test_the_first_target_is_web_0_of_one_container():
    assert samples.TARGETS[0] == "shop/web-0"
    web = filled().get("pods", "shop", "web-0")
    assert [container["name"] for container in web["spec"]["containers"]] == ["app"]
    assert web["metadata"]["labels"]["tier"] == "web"
