"""The sample cluster: its objects, and what the images of its pods hold. Every value is made up."""

from __future__ import annotations

import base64
import json
from typing import Any

from bastion.demo import sample_files
from bastion.demo.image import Image
from bastion.demo.objects import Object, ObjectStore
from bastion.demo.pods import Program
from bastion.demo.workloads import Workload, add_workload

NODE = "demo-node"
ACCOUNTS = (("bastion", "bastion"), ("shop", "default"), ("shop", "web"), ("bank", "default"))
TARGETS = ("shop/web-0", "shop/api-0/app", "shop/api-0/sidecar", "bank/ledger-0")

_REGISTRY = {"auths": {"registry.example.com": {"auth": base64.b64encode(b"puller:Blue-Kite-31").decode()}}}
_SECRETS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    (
        "shop",
        "web-credentials",
        "Opaque",
        {"db-password": "Wint3r-Harbour-77", "api-token": "shp_9f8e7d6c5b4a39281706f5e4d3c2b1a0"},
    ),
    ("shop", "api-env", "Opaque", {"PAYMENT_KEY": "pay_live_5Qm2Zr8Tn1Vx", "CACHE_PASSWORD": "Low-Tide-42"}),
    ("shop", "registry-pull", "kubernetes.io/dockerconfigjson", {".dockerconfigjson": json.dumps(_REGISTRY)}),
    ("shop", "not-mounted", "Opaque", {"password": "Nobody-Reads-Me-9"}),
    ("bank", "ledger-keys", "Opaque", {"signing-key": "c2lnbmluZy1rZXktb2YtdGhlLWRlbW8", "pin": "739154"}),
)
_API_VOLUME = "kube-api-access"
_ACCOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
_SERVED = ("/bin/sh", "/app/server")


def _image(files: dict[str, str]) -> Image:
    return Image({"app/server": sample_files.SERVER, **files})


_LOG = {"var/log/app/app.log": sample_files.app_log()}
_WEB = {
    **_LOG,
    "app/.env": sample_files.DOTENV,
    "app/index.html": "<h1>shop</h1>\n",
    "data/customers.csv": sample_files.customers(),
    "data/README": "old/ and cache/ may be removed\n",
    **sample_files.CACHE,
    **sample_files.OLD,
}
PROGRAMS: dict[tuple[str, str, str], Program] = {
    ("shop", "web-0", "app"): Program(_image(_WEB), _SERVED),
    ("shop", "api-0", "app"): Program(_image(_LOG), _SERVED),
    ("shop", "api-0", "sidecar"): Program(_image({"etc/proxy.conf": "upstream app:8080\n"}), _SERVED),
    ("shop", "pause-0", "pause"): Program(Image({}, shell=False), ("/usr/bin/sleep", "infinity")),
    ("bank", "ledger-0", "ledger"): Program(_image({"data/ledger.csv": sample_files.LEDGER}), _SERVED),
}


def _account_volume() -> Object:
    return {
        "name": _API_VOLUME,
        "projected": {
            "defaultMode": 420,
            "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                {
                    "downwardAPI": {
                        "items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]
                    }
                },
            ],
        },
    }


def _container(name: str, mounts: dict[str, str], **more: Any) -> Object:
    places = [
        {"name": volume, "mountPath": path, "readOnly": volume != "shared"} for volume, path in mounts.items()
    ]
    account = {"name": _API_VOLUME, "mountPath": _ACCOUNT_PATH, "readOnly": True}
    return {
        "name": name,
        "image": f"registry.example.com/{name}:1",
        "imagePullPolicy": "IfNotPresent",
        **more,
        "volumeMounts": [*places, account],
    }


def _spec(containers: list[Object], *volumes: Object, account: str = "default", **more: Any) -> Object:
    return {
        "serviceAccountName": account,
        "nodeName": NODE,
        "restartPolicy": "Always",
        "containers": containers,
        "volumes": [*volumes, _account_volume()],
        **more,
    }


def _from_secret(variable: str, secret: str, key: str) -> Object:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


_WEB_SPEC = _spec(
    [
        _container(
            "app",
            {"credentials": "/etc/secrets"},
            env=[
                {"name": "APP_ENV", "value": "production"},
                _from_secret("DB_PASSWORD", "web-credentials", "db-password"),
            ],
        )
    ],
    {"name": "credentials", "secret": {"secretName": "web-credentials", "defaultMode": 420}},
    account="web",
    imagePullSecrets=[{"name": "registry-pull"}],
)
_API_SPEC = _spec(
    [
        _container("app", {"shared": "/shared"}, envFrom=[{"secretRef": {"name": "api-env"}}]),
        _container("sidecar", {"shared": "/shared"}),
    ],
    {"name": "shared", "emptyDir": {}},
)
_LEDGER_SPEC = _spec(
    [_container("ledger", {"keys": "/etc/ledger"})],
    {
        "name": "keys",
        "projected": {
            "sources": [{"secret": {"name": "ledger-keys"}}, {"configMap": {"name": "ledger-config"}}]
        },
    },
)
_WORKLOADS: tuple[Workload, ...] = (
    Workload("shop", "deployments", "web", "web-0", "web", _WEB_SPEC),
    Workload("shop", "statefulsets", "api", "api-0", "api", _API_SPEC),
    Workload("shop", "daemonsets", "pause", "pause-0", "node", _spec([_container("pause", {})])),
    Workload(
        "shop", "deployments", "stuck", "stuck-0", "web-next", _spec([_container("app", {})]), "Pending"
    ),
    Workload("bank", "statefulsets", "ledger", "ledger-0", "ledger", _LEDGER_SPEC),
    Workload("bank", "jobs", "report", "report-0", "report", _spec([_container("app", {})]), "Succeeded"),
)


def fill(store: ObjectStore, ca: str) -> None:
    """Put the sample objects into an empty store. `ca` is the cluster's CA certificate in PEM."""
    version = {"kubeletVersion": "v1.32.4+demo", "osImage": "Demo Linux 1", "architecture": "amd64"}
    store.put("nodes", {"metadata": {"name": NODE}, "status": {"nodeInfo": version}})
    for name in ("default", "bastion", "shop", "bank"):
        labels = {"kubernetes.io/metadata.name": name}
        store.put("namespaces", {"metadata": {"name": name, "labels": labels}, "status": {"phase": "Active"}})
        _put(store, "configmaps", name, "kube-root-ca.crt", {"ca.crt": ca})
    _put(store, "configmaps", "shop", "web-config", {"LOG_LEVEL": "info"})
    _put(store, "configmaps", "bank", "ledger-config", {"currency": "EUR"})
    for namespace, name in ACCOUNTS:
        store.put("serviceaccounts", {"metadata": {"name": name, "namespace": namespace}})
    for namespace, name, kind, values in _SECRETS:
        store.put("secrets", secret(namespace, name, {k: v.encode() for k, v in values.items()}, kind))
    for workload in _WORKLOADS:
        add_workload(store, workload)


def secret(namespace: str, name: str, values: dict[str, bytes], kind: str = "Opaque") -> Object:
    """A Secret object."""
    data = {key: base64.b64encode(value).decode() for key, value in values.items()}
    return {"metadata": {"name": name, "namespace": namespace}, "type": kind, "data": data}


def _put(store: ObjectStore, plural: str, namespace: str, name: str, data: dict[str, str]) -> None:
    store.put(plural, {"metadata": {"name": name, "namespace": namespace}, "data": data})
