"""What a data engineer does, through an unmodified PowerPlatform-Dataverse-Client: `python story.py https://host:port`.

REQUESTS_CA_BUNDLE names the server's certificate.
"""

import json
import sys
import time
import uuid

import requests
from azure.core.credentials import AccessToken
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError
from PowerPlatform.Dataverse.models.relationship import ManyToManyRelationshipMetadata

BASE = sys.argv[1]
DONE = []


class Credential:
    """Any bearer will do."""

    def get_token(self, *scopes, **kwargs):
        return AccessToken("any-token", int(time.time()) + 3600)


def step(name):
    def run(work):
        try:
            result = work()
        except Exception:
            print(f"step failed: {name}", file=sys.stderr)
            raise
        DONE.append(name)
        return result

    return run


def refused(work):
    try:
        work()
    except HttpError as error:
        return error
    raise AssertionError("a refusal was expected")


def main():
    with DataverseClient(BASE, Credential()) as client:
        story(client)
    print(json.dumps({"steps": len(DONE)}))


def story(client):
    @step("a publisher and a solution")
    def _():
        publisher = client.records.create(
            "publisher",
            {
                "uniquename": "contosopy",
                "friendlyname": "Contoso Py",
                "customizationprefix": "cpy",
                "customizationoptionvalueprefix": 72345,
            },
        )
        client.records.create(
            "solution",
            {
                "uniquename": "ContosoPy",
                "friendlyname": "Contoso Py",
                "version": "1.0.0.0",
                "publisherid@odata.bind": f"/publishers({publisher})",
            },
        )

    @step("tables")
    def _():
        made = client.tables.create(
            "cpy_Order",
            {"cpy_Total": "decimal", "cpy_Count": "int", "cpy_Paid": "bool", "cpy_Due": "datetime", "cpy_Code": "string"},
            solution="ContosoPy",
            primary_column="cpy_Name",
        )
        assert made.entity_set_name == "cpy_orders", made
        client.tables.create("cpy_Line", {"cpy_Amount": "int"}, solution="ContosoPy", primary_column="cpy_Name")
        again = client.tables.get("cpy_Order")
        assert again is not None and again.logical_name == "cpy_order", again
        assert client.tables.get("cpy_Nothing") is None
        names = {row.get("LogicalName") for row in client.tables.list()}
        assert {"account", "cpy_order", "cpy_line"} <= names, len(names)

    @step("columns")
    def _():
        client.tables.add_columns("cpy_Order", {"cpy_Remark": "memo", "cpy_Extra": "string"})
        client.tables.remove_columns("cpy_Order", "cpy_Extra")
        names = {row["LogicalName"] for row in client.tables.list_columns("cpy_Order")}
        assert "cpy_remark" in names and "cpy_extra" not in names, sorted(names)

    @step("relationships")
    def _():
        lookup = client.tables.create_lookup_field("cpy_line", "cpy_Order", "cpy_order", solution="ContosoPy")
        assert lookup is not None
        found = client.tables.get_relationship(lookup.relationship_schema_name)
        assert found is not None and found.relationship_type, found
        client.tables.create_many_to_many_relationship(
            ManyToManyRelationshipMetadata(
                schema_name="cpy_order_account", entity1_logical_name="cpy_order", entity2_logical_name="account"
            ),
            solution="ContosoPy",
        )
        client.tables.create_alternate_key("cpy_Order", "cpy_OrderCode", ["cpy_code"], display_name="Code")
        keys = client.tables.get_alternate_keys("cpy_Order")
        assert [key.key_attributes for key in keys] == [["cpy_code"]], keys

    @step("rows")
    def _():
        order = client.records.create(
            "cpy_order",
            {"cpy_name": "Größe", "cpy_total": 12.5, "cpy_count": 3, "cpy_paid": True, "cpy_due": "2026-03-01T10:00:00Z", "cpy_code": "A1"},
        )
        read = client.records.retrieve("cpy_order", order)
        assert read["cpy_name"] == "Größe" and read["cpy_total"] == 12.5 and read["cpy_paid"] is True, dict(read)
        assert read["cpy_due"] == "2026-03-01T10:00:00Z", read["cpy_due"]
        client.records.update("cpy_order", order, {"cpy_count": 4})
        line = client.records.create("cpy_line", {"cpy_name": "1", "cpy_Order@odata.bind": f"/cpy_orders({order})"})
        read = client.records.retrieve("cpy_line", line, expand=["cpy_Order"])
        assert read["cpy_Order"]["cpy_count"] == 4, dict(read)
        assert client.records.retrieve("cpy_order", str(uuid.uuid4())) is None
        error = refused(lambda: client.records.delete("cpy_order", str(uuid.uuid4())))
        assert error.status_code == 404, error
        error = refused(lambda: client.records.create("cpy_order", {"cpy_name": "twice", "cpy_code": "A1"}))
        assert error.status_code == 412, error

    @step("many rows")
    def _():
        ids = client.records.create("cpy_order", [{"cpy_name": f"Order {n}", "cpy_count": n} for n in range(250)])
        assert len(set(ids)) == 250
        client.records.update("cpy_order", ids[:2], {"cpy_total": 1})
        pages = client.query.builder("cpy_order").select("cpy_name", "cpy_count").page_size(100).execute()
        assert sum(1 for _ in pages) == 251
        few = client.records.list("cpy_order", filter="cpy_count ge 248", orderby=["cpy_count desc"], select=["cpy_count"])
        assert [row["cpy_count"] for row in few] == [249, 248], few
        xml = "<fetch aggregate='true'><entity name='cpy_order'><attribute name='cpy_count' alias='n' aggregate='count'/></entity></fetch>"
        rows = list(client.query.fetchxml(xml).execute())
        assert rows[0]["n"] == 251, rows

    @step("rows by SQL")
    def _():
        rows = client.query.sql("SELECT TOP 2 cpy_name, cpy_count FROM cpy_order WHERE cpy_count >= 240 ORDER BY cpy_count DESC")
        assert [row["cpy_count"] for row in rows] == [249, 248], rows
        rows = client.query.sql(
            "SELECT o.cpy_code, COUNT(l.cpy_lineid) AS n FROM cpy_order o "
            "JOIN cpy_line l ON l.cpy_order = o.cpy_orderid GROUP BY o.cpy_code"
        )
        assert [(row["cpy_code"], row["n"]) for row in rows] == [("A1", 1)], rows
        error = refused(lambda: client.query.sql("SELECT cpy_name FROM cpy_order WHERE UPPER(cpy_name) = 'X'"))
        assert error.status_code == 400, error

    @step("rows that a job deletes")
    def _():
        ids = client.records.create("cpy_order", [{"cpy_name": "Gone"} for _ in range(3)])
        job = client.records.delete("cpy_order", ids)
        while (row := client.records.retrieve("asyncoperation", job))["statecode"] != 3:
            time.sleep(0.1)
        assert row["statuscode"] == 30, dict(row)
        assert not list(client.records.list("cpy_order", filter="cpy_name eq 'Gone'", select=["cpy_name"]))

    @step("a batch that is taken back")
    def _():
        batch = client.batch.new()
        changes = batch.changeset()
        changes.records.create("cpy_order", {"cpy_name": "Not to be"})
        changes.records.create("cpy_order", {"cpy_name": "twice", "cpy_code": "A1"})
        result = batch.execute()
        assert result.has_errors, result
        assert not list(client.records.list("cpy_order", filter="cpy_name eq 'Not to be'", select=["cpy_name"]))
        batch = client.batch.new()
        changes = batch.changeset()
        made = changes.records.create("cpy_order", {"cpy_name": "To be"})
        changes.records.update("cpy_order", made, {"cpy_count": 1000})
        assert not batch.execute().has_errors
        rows = list(client.records.list("cpy_order", filter="cpy_name eq 'To be'", select=["cpy_count"]))
        assert [row["cpy_count"] for row in rows] == [1000], rows

    @step("the solution as a package and in another environment")
    def _():
        session = requests.Session()
        session.headers["Authorization"] = "Bearer any-token"

        def ask(method, path, environment="", **more):
            answer = session.request(method, f"{BASE}{environment}/api/data/v9.2/{path}", timeout=120, **more)
            assert answer.ok, (answer.status_code, answer.text)
            return answer.json() if answer.content else None

        package = ask("POST", "ExportSolution", json={"SolutionName": "ContosoPy", "Managed": True})["ExportSolutionFile"]
        body = {
            "OverwriteUnmanagedCustomizations": False,
            "PublishWorkflows": True,
            "CustomizationFile": package,
            "ImportJobId": str(uuid.uuid4()),
        }
        ask("POST", "ImportSolution", "/target", json=body)
        found = ask("GET", "solutions?$filter=uniquename eq 'ContosoPy'&$select=ismanaged,version", "/target")["value"]
        assert [row["ismanaged"] for row in found] == [True], found
        ask("POST", "cpy_orders", "/target", json={"cpy_name": "there"})

    @step("what is in use stays, what is not goes")
    def _():
        error = refused(lambda: client.tables.remove_columns("cpy_Order", "cpy_Code"))
        assert error.status_code == 400 and "0x8004f01f" in str(error.details).lower(), (error, error.details)
        client.tables.delete("cpy_Line")
        assert client.tables.get("cpy_Line") is None


main()
