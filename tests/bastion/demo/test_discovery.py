"""Discovery says what the server performs, and no more."""

from __future__ import annotations

from bastion.demo import discovery
from bastion.demo.resources import RESOURCES

ADDRESS = "127.0.0.1:1"


def test_every_resource_is_discovered_with_its_verbs_and_subresources():
    found = {}
    groups = ["/api/v1"] + [
        f"/apis/{group['name']}/v1" for group in discovery.document("/apis", ADDRESS)["groups"]
    ]
    for path in groups:
        document = discovery.document(path, ADDRESS)
        assert document["kind"] == "APIResourceList"
        for entry in document["resources"]:
            found[document["groupVersion"], entry["name"]] = entry
    for resource in RESOURCES:
        assert found[resource.api_version, resource.plural]["verbs"] == list(resource.verbs)
        for name, kind, verbs in resource.subresources:
            entry = found[resource.api_version, f"{resource.plural}/{name}"]
            assert (entry["kind"], entry["verbs"]) == (kind, list(verbs))
    assert len(found) == len(RESOURCES) + sum(len(resource.subresources) for resource in RESOURCES)


def test_the_roots_are_there_and_nothing_else():
    assert discovery.document("/version", ADDRESS)["gitVersion"].startswith("v1.32")
    assert discovery.document("/api", ADDRESS)["versions"] == ["v1"]
    assert discovery.document("/apis/nope/v1", ADDRESS) is None
    assert discovery.document("/metrics", ADDRESS) is None
