"""Logs are lines of plain fields on standard error; libraries that would log what passes are silent."""

import json
import logging

import pytest
import structlog

from bastion.app import logs


@pytest.fixture(autouse=True)
def restored():
    before = logging.lastResort
    yield
    structlog.reset_defaults()
    logging.lastResort = before


def test_a_log_line_is_one_json_object_on_standard_error(capsys):
    logs.configure("info", "json")
    structlog.get_logger("x").info("listening", port=5)
    structlog.get_logger("x").debug("quiet")
    said = capsys.readouterr()
    assert said.out == ""
    line = json.loads(said.err)
    assert (line["event"], line["port"], line["level"]) == ("listening", 5, "info")


def test_text_is_for_people(capsys):
    logs.configure("warning", "text")
    structlog.get_logger("x").info("quiet")
    structlog.get_logger("x").warning("loud", why="disk")
    said = capsys.readouterr().err
    assert "quiet" not in said
    assert "loud" in said


def test_libraries_do_not_log_what_passes_through_them(capsys):
    logs.configure("debug", "json")
    logging.getLogger("asyncssh").error("password hunter2")
    logging.getLogger("asyncio").error("Task exception: hunter2")
    logging.getLogger("something.else").error("hunter2")
    assert "hunter2" not in capsys.readouterr().err
