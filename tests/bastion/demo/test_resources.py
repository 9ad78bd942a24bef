"""How a URL names what it asks for."""

from __future__ import annotations

import pytest

from bastion.demo.resources import read_request

SHOP = "/api/v1/namespaces/shop"


@pytest.mark.parametrize(
    ("method", "path", "query", "found"),
    [
        ("GET", f"{SHOP}/pods/web-0/exec", "command=ls", ("get", "pods/exec", "shop", "web-0")),
        ("POST", f"{SHOP}/pods/web-0/exec", "", ("create", "pods/exec", "shop", "web-0")),
        ("GET", f"{SHOP}/pods", "", ("list", "pods", "shop", "")),
        ("GET", "/api/v1/pods", "watch=true", ("watch", "pods", "", "")),
        (
            "GET",
            "/api/v1/namespaces/shop/pods",
            "watch=1&fieldSelector=metadata.name%3Da",
            ("watch", "pods", "shop", "a"),
        ),
        (
            "GET",
            "/api/v1/namespaces/shop/pods",
            "fieldSelector=metadata.name!%3Da",
            ("list", "pods", "shop", ""),
        ),
        ("GET", "/api/v1/namespaces/shop", "", ("get", "namespaces", "shop", "shop")),
        ("GET", "/api/v1/namespaces", "", ("list", "namespaces", "", "")),
        ("DELETE", f"{SHOP}/pods/web-0", "", ("delete", "pods", "shop", "web-0")),
        ("GET", "/apis/apps/v1/namespaces/shop/deployments/web", "", ("get", "deployments", "shop", "web")),
        ("GET", f"{SHOP}/pods/..%2f..%2fx", "", ("get", "pods", "shop", "../../x")),
    ],
)
def test_a_resource_request_is_read_as_the_api_server_does(method, path, query, found):
    info = read_request(method, path, query)
    assert (info.verb, info.full_resource, info.namespace, info.name) == found


@pytest.mark.parametrize(
    "path", ["/version", "/api", "/api/v1", "/apis", "/apis/apps/v1", "/api/v1/unknown", f"{SHOP}/pods/a/b/c"]
)
def test_anything_else_is_a_path(path):
    info = read_request("GET", path, "")
    assert (info.resource, info.path, info.verb) == (None, path, "get")
