"""Questions about identity and rights: TokenReview, the access reviews, TokenRequest."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bastion.demo import clock
from bastion.demo.audit import Trail
from bastion.demo.identity import ISSUER, SHORTEST_TOKEN, Identities
from bastion.demo.objects import ObjectStore
from bastion.demo.rbac import Attributes, Caller, Rbac
from bastion.demo.resources import RequestInfo
from bastion.demo.status import ApiError

Json = dict[str, Any]
_LONGEST_TOKEN = 1 << 32


class Reviews:
    """Answers the POSTs that ask. `caller` is who asks, already impersonated and allowed to."""

    def __init__(self, store: ObjectStore, rbac: Rbac, identities: Identities) -> None:
        self._store = store
        self._rbac = rbac
        self._identities = identities

    def answer(self, info: RequestInfo, body: Json, caller: Caller, trail: Trail) -> Json:
        """The posted object with its status. Raises ApiError."""
        spec = body.get("spec") or {}
        if not isinstance(spec, dict):
            raise ApiError(400, "spec must be an object")
        match info.full_resource:
            case "tokenreviews":
                status = self._token_review(spec)
            case "selfsubjectreviews":
                status = {"userInfo": caller.info()}
            case "selfsubjectaccessreviews":
                status = self._access(caller, spec)
            case "selfsubjectrulesreviews":
                status = self._rules(caller, spec)
            case "subjectaccessreviews" | "localsubjectaccessreviews":
                status = self._access(_subject(spec), spec)
            case "serviceaccounts/token":
                return self._token_request(info, body, spec, trail)
            case other:
                raise ApiError(405, f"the server does not allow this method on {other}")
        return {**body, "status": status}

    def _access(self, caller: Caller, spec: Json) -> Json:
        asked = _attributes(spec)
        reason = self._rbac.allowed(caller, asked)
        return {"allowed": bool(reason), "reason": reason} if reason else {"allowed": False}

    def _rules(self, caller: Caller, spec: Json) -> Json:
        rules = self._rbac.rules(caller, str(spec.get("namespace", "")))
        return {
            "resourceRules": [rule.as_json() for rule in rules if not rule.urls],
            "nonResourceRules": [rule.as_json() for rule in rules if rule.urls],
            "incomplete": False,
        }

    def _token_review(self, spec: Json) -> Json:
        found = self._identities.look_up(str(spec.get("token", "")))
        audiences = [str(name) for name in spec.get("audiences") or [ISSUER]]
        if found is None:
            return {"user": {}, "error": "[invalid bearer token, token lookup failed]"}
        caller, held = found
        shared = [name for name in audiences if name in held]
        if not shared:
            return {"user": {}, "error": f"token audiences {list(held)} is invalid for {audiences}"}
        return {"authenticated": True, "user": caller.info(), "audiences": shared}

    def _token_request(self, info: RequestInfo, body: Json, spec: Json, trail: Trail) -> Json:
        account = self._store.get("serviceaccounts", info.namespace, info.name)
        seconds = spec.get("expirationSeconds") or 3600
        if type(seconds) is not int or seconds > _LONGEST_TOKEN:
            raise ApiError(400, "spec.expirationSeconds must be a number of seconds")
        if seconds < SHORTEST_TOKEN:
            raise ApiError(
                422,
                f'TokenRequest.authentication.k8s.io "{info.name}" is invalid: spec.expirationSeconds: '
                f"Invalid value: {seconds}: may not specify a duration less than 10 minutes",
            )
        audiences = tuple(str(name) for name in spec.get("audiences") or (ISSUER,))
        token, jti, expires = self._identities.issue_for_account(
            info.namespace, info.name, account["metadata"]["uid"], seconds, audiences
        )
        trail.annotations["authentication.kubernetes.io/issued-credential-id"] = f"JTI={jti}"
        moment = clock.seconds(datetime.fromtimestamp(expires, UTC))
        return {
            **body,
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": {"name": info.name, "namespace": info.namespace},
            "spec": {**spec, "audiences": list(audiences), "expirationSeconds": seconds},
            "status": {"token": token, "expirationTimestamp": moment},
        }


def _attributes(spec: Json) -> Attributes:
    match spec:
        case {"resourceAttributes": {**asked}}:
            resource = str(asked.get("resource", ""))
            subresource = asked.get("subresource")
            return Attributes(
                str(asked.get("verb", "")),
                str(asked.get("group", "")),
                f"{resource}/{subresource}" if subresource else resource,
                str(asked.get("namespace", "")),
                str(asked.get("name", "")),
            )
        case {"nonResourceAttributes": {**asked}}:
            return Attributes(str(asked.get("verb", "")), path=str(asked.get("path", "")))
        case _:
            raise ApiError(
                400, "exactly one of nonResourceAttributes or resourceAttributes must be specified"
            )


def _subject(spec: Json) -> Caller:
    user = str(spec.get("user", ""))
    groups = tuple(str(name) for name in spec.get("groups") or ())
    if not user and not groups:
        raise ApiError(400, "at least one of user or group must be specified")
    return Caller(user, groups)
