"""`bastion policy judge`: a verdict for each line of standard input, in order, bounded.

Each input line is read, judged and answered before the next one is read, so that a program can
write a line and wait for its answer. Nothing that stands in a line ends the stream: what is no case
is answered with an error and denied, and the exit status is 1 at the end.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO, TextIO

from bastion.app.policies import load_policy
from bastion.app.policy_trials import (
    Case,
    CaseError,
    judge,
    read_case,
    read_line,
    scope,
    terms_sheet,
    where_sheet,
    who_sheet,
)
from bastion.core import fact_sheet
from bastion.core.policy import Policy
from bastion.core.texts import plain
from bastion.model.pod import Pod
from bastion.model.principal import Principal
from bastion.model.verdict import Effect
from bastion.relay.ports import Syntax
from bastion.syntax.shfmt import Shfmt

MAX_LINE = 1024 * 1024
MAX_SCOPES = 256
Answer = dict[str, object]


async def judge_stream(path: Path, *, jsonl: bool) -> int:
    """Judge standard input: JSON lines, or plain lines of bash. 0, or 1 when a line was no case.

    Raises ConfigError where the policy is no good.
    """
    async with Shfmt(spare=2) as syntax:
        policy = await load_policy(path, syntax)
        stream = Stream(policy, syntax, jsonl=jsonl)
        try:
            return await stream.run(sys.stdin.buffer, sys.stdout)
        except BrokenPipeError:
            # Nobody reads any more; what Python still holds back must not raise again at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1


class Stream:
    """Answers line by line; the stand-ins of `as` and `at` are kept, because they repeat."""

    def __init__(self, policy: Policy, syntax: Syntax, *, jsonl: bool) -> None:
        self._policy = policy
        self._syntax = syntax
        self._jsonl = jsonl
        self._scopes: OrderedDict[str, tuple[Principal, Pod]] = OrderedDict()

    async def run(self, source: BinaryIO, sink: TextIO) -> int:
        """Answer every line of `source`; 1 when one of them was no case."""
        number, status = 0, 0
        while data := await asyncio.to_thread(source.readline, MAX_LINE + 1):
            number += 1
            if not data.strip():
                continue
            while len(data) > MAX_LINE and not data.endswith(b"\n"):
                # The rest of a line that is too long is read and forgotten.
                data = b"\0" * MAX_LINE + await asyncio.to_thread(source.readline, MAX_LINE + 1)
            try:
                answer = await self.answer(self._case(data, number))
            except CaseError as error:
                answer, status = refused(error, number), 1
            sink.write((json.dumps(answer) if self._jsonl else _shown(answer)) + "\n")
            sink.flush()
        return status

    def _case(self, data: bytes, number: int) -> Case:
        if len(data) > MAX_LINE:
            raise CaseError(f"an input line may be {MAX_LINE} bytes long")
        if self._jsonl:
            return read_case(data)
        return Case(number, data.rstrip(b"\r\n").decode("utf-8", "surrogateescape"))

    async def answer(self, case: Case) -> Answer:
        """The answer to one case; raises CaseError where `as` or `at` cannot be read."""
        who, pod = self._scope(case)
        read = await read_line(self._syntax, case)
        verdict = judge(self._policy, read, who, pod)
        facts: Answer = {
            "as": who_sheet(who),
            "at": where_sheet(pod),
            "cwd": case.cwd,
            "commands": fact_sheet.commands(read.line) if read.line else [],
            "doubts": fact_sheet.doubts(read.line) if read.line else [read.problem],
        }
        return {
            "id": case.id,
            "effect": verdict.effect.value,
            "rule": verdict.rule,
            "programs": read.programs,
            "understood": read.understood,
            "facts": facts,
            **terms_sheet(verdict.terms),
            "reasons": list(verdict.reasons[:16]),
            "matched": list(verdict.matched[:32]),
        }

    def _scope(self, case: Case) -> tuple[Principal, Pod]:
        try:
            key = json.dumps([case.who, case.at])
        except RecursionError:
            raise CaseError("as and at must be plain", case.id) from None
        if key not in self._scopes:
            self._scopes[key] = scope(self._policy, case)
            if len(self._scopes) > MAX_SCOPES:
                self._scopes.popitem(last=False)
        return self._scopes[key]


def refused(error: CaseError, number: int) -> Answer:
    """The answer to a line that is no case: denied, with what is wrong and where."""
    rest: Answer = {"programs": [], "understood": False, "facts": {}, "error": str(error), "number": number}
    return {"id": error.id, "effect": Effect.DENY.value, "rule": "", **rest}


def _shown(answer: Answer) -> str:
    reasons = answer.get("reasons")
    why = "; ".join(str(each) for each in reasons) if isinstance(reasons, list) else ""
    return plain(f"{answer['id']}: {answer['effect']} by {answer['rule']}" + (f": {why}" if why else ""))
