"""Which Secrets a pod reaches: every way is followed, and what is optional may be missing."""

from __future__ import annotations

from bastion.kube.reach import references

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
