"""Rows and columns."""

from __future__ import annotations

from bastion.demo import samples
from bastion.demo.objects import ObjectStore
from bastion.demo.resources import RESOURCES
from bastion.demo.tables import table


async def test_every_listed_kind_has_a_cell_for_every_column():
    store = ObjectStore()
    samples.fill(store, "CA")
    for resource in RESOURCES:
        items = store.list(resource, lambda _: True)
        found = table(resource, items, "7")
        assert len(found["rows"]) == len(items)
        for row in found["rows"]:
            assert len(row["cells"]) == len(found["columnDefinitions"])
            assert all(isinstance(cell, str | int) for cell in row["cells"])
            assert row["object"]["metadata"]["name"] == row["cells"][0]


async def test_wide_columns_have_a_priority():
    store = ObjectStore()
    samples.fill(store, "CA")
    pods = next(resource for resource in RESOURCES if resource.plural == "pods")
    columns = {column["name"]: column["priority"] for column in table(pods, [], "1")["columnDefinitions"]}
    assert (columns["Ready"], columns["IP"]) == (0, 1)
