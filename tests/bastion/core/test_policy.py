"""The decisions of policy and conditions: default deny, the strictest wins, doubt never allows."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from pathlib import Path

import pytest

from bastion.core.policy import Policy
from bastion.core.policy_text import check_example, example_texts, included, load
from bastion.core.rules import Knowing
from bastion.core.shell.understand import understand
from bastion.model.pod import Pod
from bastion.model.principal import Kind, Principal
from bastion.model.target import Target
from bastion.model.verdict import Effect, Terms
from bastion.syntax.shfmt import Shfmt

POLICIES = Path(__file__).resolve().parents[3] / "conf" / "policies"
WEB = Pod("demo", "shop", "web-0", "u1", "app", "c1", (("tier", "web"),), "deploy/web")
DB = Pod("demo", "bank", "db-0", "u2", "db", "c2")


def person(*groups: str, kind: Kind = Kind.HUMAN, subject: str = "alice") -> Principal:
    return Principal(
        "https://issuer",
        subject,
        kind,
        subject,
        0,
        frozenset(groups),
        owner="bob" if kind is Kind.AGENT else "",
    )


def parse(text: str, dialect: str = "bash"):
    async def run():
        async with Shfmt(time.monotonic, ready=()) as syntax:
            return await syntax.parse(text.encode(), dialect)

    return asyncio.run(run())


def verdict(policy: Policy, text: str, who: Principal, pod: Pod = WEB, cwds: tuple[str, ...] = ("/app",)):
    parsed = parse(text)
    line = understand(parsed.tree, parsed.text, cwds=cwds, dialect="bash", stdin="client")
    return policy.judge_line(who, pod, line)


def policy(rules: str, head: str = "") -> Policy:
    made = load(f"version: 1\n{head}\nrules:\n{rules}", name="test.yaml")
    assert isinstance(made, Policy), str(made)
    return made


@pytest.fixture(scope="module")
def demo() -> Policy:
    made = load((POLICIES / "demo.yaml").read_text(), name="demo.yaml")
    assert isinstance(made, Policy), str(made)
    return made


@pytest.mark.parametrize("name", sorted(path.name for path in POLICIES.glob("*.yaml")))
def test_the_shipped_policies_load_and_every_example_holds(name):
    text = (POLICIES / name).read_text()
    parts = {file: (POLICIES / file).read_text() for file in included(text)}
    made = load(text, name=name, parts=parts)
    assert isinstance(made, Policy), str(made)
    examples = example_texts(made)
    assert examples
    assert [problem for each in examples if (problem := check_example(made, each, parse(each.text)))] == []


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("ls -la", "allow"), ("cat /app/app.log | grep -c error", "allow"), ("echo hi", "allow"), ("true", "allow"), ("sh -c 'exit 3'", "allow"),
        ("false", "allow"), ("cat", "allow"), ("head -c 100 /dev/zero", "allow"), ("cd /tmp; pwd; export A=b", "allow"), ("cat <<E\nx\nE", "allow"),
        ("env", "allow"), ("sleep 1 & wait", "allow"), ("set -e", "allow"), ("kill -9 $$", "allow"), ("rm /tmp/x", "allow"), ("a=1; echo $a", "allow"),
        ("echo x > /etc/motd", "deny"), ("cp a /etc/x", "deny"), ("echo x | tee /etc/x", "deny"), ("rm -rf /etc", "deny"), ("rm -rf /", "deny"),
        ("touch /etc/x", "deny"), ("sed -i s/a/b/ /etc/x", "deny"), ("cd /etc; echo x > y", "deny"), ("mv /etc /tmp/e", "deny"), ("rm -r /app", "deny"),
        ("curl localhost", "deny"), ("rm -r /data /app", "deny"), ("cat /etc/shadow", "deny"), ("echo x > /proc/1/fd/0", "deny"), ("sudo ls", "deny"),
        ("rm -r /data/x", "approve-peer"), ("rm -Rf /data", "approve-peer"), ("env rm --recursive /data/x", "approve-peer"), ("ls; rm -r /data/x", "approve-peer"),
        ("sh -c 'rm -r /data/x'", "approve-peer"), ("rm /data/x", "approve-totp"), ("$x", "approve-peer"), ("cat x | sh", "approve-peer"),
        ("rm -r /data/x; echo x > /etc/y", "deny"), ("rm /data/a; rm -r /data/b", "approve-peer"),
    ],
)  # fmt: skip
def test_what_the_demo_policy_says_to_a_developer(demo, text, effect):
    assert verdict(demo, text, person("dev")).effect == effect


def test_an_agent_waits_for_the_same_peer_and_is_denied_what_is_not_understood(demo):
    agent = person("agents", kind=Kind.AGENT)
    asked = verdict(demo, "rm -r /data/x", agent)
    assert asked.effect is Effect.APPROVE_PEER
    assert asked.terms == Terms(
        peers=1, groups=frozenset({"sre"}), totp=False, approver_factor="none", ttl=600
    )
    unclear = verdict(demo, "$x", agent)
    assert (unclear.effect, unclear.understood, unclear.rule) == (
        Effect.DENY,
        False,
        "default:not-understood",
    )
    assert verdict(demo, "ls", agent).effect is Effect.ALLOW


def test_nobody_without_a_group_may_do_anything(demo):
    assert verdict(demo, "ls", person()).effect is Effect.DENY
    assert not demo.reaches(person(), WEB)


def test_a_namespace_is_open_only_to_whom_a_rule_names(demo):
    assert verdict(demo, "ls", person("sre"), DB).effect is Effect.ALLOW
    assert verdict(demo, "ls", person("dev"), DB).effect is Effect.DENY
    assert demo.reaches(person("sre"), DB)
    assert not demo.reaches(person("dev"), DB)
    assert demo.may_reach(person("sre"), Target("bank", "nobody-knows"))
    assert not demo.may_reach(person("dev"), Target("bank", "db-0"))


def test_a_deny_for_everybody_opens_nothing():
    only_deny = policy("  - {id: no, command: {program: rm}, effect: deny}")
    assert not only_deny.reaches(person("dev"), WEB)


def test_the_order_of_rules_does_not_matter():
    one = "  - {id: yes, command: {program: rm, writes: any}, effect: allow}\n"
    two = "  - {id: no, command: {program: rm, paths: {within: [/data]}}, effect: deny}\n"
    for rules in (one + two, two + one):
        made = policy(rules)
        assert verdict(made, "rm /data/x", person()).effect is Effect.DENY
        assert verdict(made, "rm /tmp/x", person()).effect is Effect.ALLOW
        assert verdict(made, "rm /data/x", person()).matched == ("no", "yes")


def test_an_allowing_rule_that_does_not_mention_writes_permits_none():
    made = policy("  - {id: cat, command: {programs: [cat, echo]}, effect: allow}")
    assert verdict(made, "cat x", person()).effect is Effect.ALLOW
    for text in ("cat x > y", "echo x >> ~/.bashrc", "cat x > $y", "cat x >&y"):
        assert verdict(made, text, person()).effect is Effect.DENY, text


def test_every_command_of_a_line_needs_a_rule():
    made = policy("  - {id: ls, command: {programs: [ls]}, effect: allow}")
    for text in (
        "ls; id",
        "ls | id",
        "ls && id",
        "ls $(id)",
        "env ls",
        "ls <(id)",
        "time nice ls",
        "find . -exec ls {} +",
    ):
        assert verdict(made, text, person()).effect is Effect.DENY, text


def test_a_condition_that_cannot_hit_still_keeps_a_rule_from_granting():
    made = policy(
        "  - {id: web, command: {program: curl, writes: {within: [/tmp]}, hosts: {only: [localhost]}}, effect: allow}"
    )
    assert verdict(made, "curl http://localhost:80/x", person()).effect is Effect.ALLOW
    for host in (
        "evil.example",
        "localhost.evil.example",
        "$x",
        "localhost@evil.example",
        "{localhost,evil}",
        "localhost evil.example",
    ):
        assert verdict(made, f"curl http://{host}/", person()).effect is not Effect.ALLOW, host


def test_a_denied_path_that_may_be_meant_is_never_allowed():
    made = policy(
        "  - {id: read, command: {programs: [cat, grep, cd, head]}, effect: allow}\n"
        "  - {id: no, command: {paths: {any: [/etc/shadow, '**/.env*']}}, effect: deny}"
    )
    for text in (
        "cat /etc/shadow", "cat /etc/../etc/shadow", "cat /etc//shadow", "cat /e*/shadow", "cat /etc/[s]hadow", "cat $x", "cat /etc/$x",
        "cd /etc; cat shadow", "cd /etc && cat ./shadow", "cd $x; cat shadow", "cat /proc/self/root/etc/shadow", "cat /proc/$$/root/etc/shadow",
        "grep -r x /etc", "cat .env", "cat /srv/a/.env.prod", "cat .e*", "cat ../../../../etc/shadow", "cat < /etc/shadow", "cat /proc/2/cwd/x", "cat .*/.*/etc/shadow",
    ):  # fmt: skip
        assert verdict(made, text, person()).effect is not Effect.ALLOW, text
    for text in ("cat /etc/passwd", "cat /var/log/*.log", "cat a b c", "grep -r x /srv"):
        assert verdict(made, text, person()).effect is Effect.ALLOW, text


def test_obligations_are_united_and_disjoint_approvers_deny():
    rule = "  - {{id: {0}, command: {{program: rm}}, effect: {{approve: {{peers: {1}, from: [{2}], totp: {3}, ttl: {4}}}}}}}\n"
    made = policy(
        rule.format("a", 1, "sre, dba", "false", "10m") + rule.format("b", 2, "dba, boss", "true", "5m")
    )
    asked = verdict(made, "rm x", person())
    assert asked.effect is Effect.APPROVE_PEER
    assert asked.terms == Terms(peers=2, groups=frozenset({"dba"}), totp=True, ttl=300)
    apart = policy(rule.format("a", 1, "sre", "false", "10m") + rule.format("b", 1, "dba", "false", "10m"))
    assert verdict(apart, "rm x", person()).effect is Effect.DENY


def test_an_approval_rule_permits_only_what_it_surely_covers():
    made = policy(
        "  - {id: a, command: {program: rm, paths: {within: [/data]}}, effect: {approve: {peers: 1, from: [sre]}}}"
    )
    assert verdict(made, "rm -r /data/x", person()).effect is Effect.APPROVE_PEER
    for text in ("rm -r /data/x /srv", "rm -r $x", "rm -r /", "rm -r /data/../srv"):
        assert verdict(made, text, person()).effect is Effect.DENY, text


def test_flags_are_found_in_clusters_abbreviations_and_everywhere_on_the_line():
    made = policy(
        "  - {id: no, command: {program: rm, flags: {any: [-r, -R, --recursive]}}, effect: deny}\n  - {id: rm, command: {program: rm, writes: any}, effect: allow}"
    )
    for text in ("rm -fr x", "rm x -r", "rm --recurs x", "rm -f -R x", "rm -fvR x"):
        assert verdict(made, text, person()).effect is Effect.DENY, text
    assert verdict(made, "rm -f -- -r", person()).effect is Effect.ALLOW


def test_verbs_are_part_of_a_programs_name():
    made = policy("  - {id: k, command: {programs: ['kubectl get', 'git log']}, effect: allow}")
    for text, good in (("kubectl -n a get pods", True), ("kubectl get secrets", False), ("kubectl delete pod x", False), ("git log", True), ("git -c a=b log", False), ("git push", False)):  # fmt: skip
        assert (verdict(made, text, person()).effect is Effect.ALLOW) is good, text


def test_labels_containers_and_workloads_narrow_a_rule():
    made = policy(
        "  - {id: a, where: {labels: {tier: web}, containers: [app], workloads: ['deploy/*']}, command: {program: ls}, effect: allow}"
    )
    assert verdict(made, "ls", person()).effect is Effect.ALLOW
    for other in ({"labels": ()}, {"container": "x"}, {"workload": "sts/web"}):
        assert verdict(made, "ls", person(), dataclasses.replace(WEB, **other)).effect is Effect.DENY
    assert made.may_reach(person(), Target("any", "pod"))


def test_the_environment_has_rules_of_its_own(demo):
    dev = person("dev")
    assert demo.judge_environment(dev, WEB, "FEATURE_X", "1").effect is Effect.ALLOW
    assert demo.judge_environment(dev, WEB, "OTHER", "1").effect is Effect.DENY
    assert demo.judge_environment(person("auditors"), WEB, "FEATURE_X", "1").effect is Effect.DENY
    everything = policy("  - {id: e, environment: ['*'], effect: allow}")
    assert everything.judge_environment(dev, WEB, "LD_PRELOAD", "/x").rule == "builtin:never"
    assert not everything.reaches(dev, WEB)


def test_known_values_default_to_required_and_exceptions_never_soften_another(demo):
    assert demo.knowing(person("dev"), WEB) == Knowing("required", "pod")
    made = policy(
        "  - {id: a, command: {program: ls}, effect: allow}",
        "masking:\n  - {where: {namespaces: [shop]}, known_values: 'off'}\n  - {where: {pods: [web-0]}, known_values: preferred}",
    )
    assert made.knowing(person(), WEB).values == "preferred"
    assert made.knowing(person(), Target("shop", "other")).values == "off"
    assert made.knowing(person(), DB).values == "required"


def test_what_only_may_hold_for_a_target_makes_it_stricter_and_never_looser():
    rules = "  - {id: a, command: {program: ls}, effect: allow}"
    looser = policy(rules, "masking: [{where: {labels: {tier: web}}, known_values: off}]")
    assert looser.knowing(person(), Target("shop", "web-0")).values == "required"
    assert looser.knowing(person(), WEB).values == "off"
    stricter = policy(
        rules,
        "defaults: {known_values: off}\nmasking: [{where: {labels: {tier: web}}, known_values: preferred}]",
    )
    assert stricter.knowing(person(), Target("shop", "web-0")).values == "preferred"
    assert stricter.knowing(person(), DB).values == "off"


def test_the_scope_of_known_secrets_is_chosen_by_itself_and_the_widest_wins():
    made = policy(
        "  - {id: a, command: {program: ls}, effect: allow}",
        "defaults: {known_values: preferred}\nmasking:\n  - {where: {namespaces: [shop]}, secrets_scope: namespace}\n"
        "  - {where: {pods: [web-0]}, secrets_scope: pod}",
    )
    assert made.knowing(person(), WEB) == Knowing("preferred", "namespace")
    assert made.knowing(person(), DB) == Knowing("preferred", "pod")


def test_an_approver_is_a_person_of_the_named_groups(demo):
    terms = Terms(peers=1, groups=frozenset({"sre"}))
    assert demo.eligible(terms, person("sre"))
    assert not demo.eligible(terms, person("dev"))
    assert not demo.eligible(terms, person("sre", kind=Kind.AGENT))


def test_a_text_without_a_command_is_denied(demo):
    assert verdict(demo, "# nothing", person("dev")).effect is Effect.DENY


def test_the_verdict_names_the_policy_and_the_rule(demo):
    said = verdict(demo, "echo x > /etc/y", person("dev"))
    assert (said.policy, said.rule) == (demo.sha256, "no-writes-under-etc")
    assert said.reasons
