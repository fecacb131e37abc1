// What a maker and a release engineer do, through an unmodified dynamics-web-api:
// `node story.mjs http://host:port http://host:port`, the second for the environment that the solution is shipped to.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const { DynamicsWebApi } = createRequire(import.meta.url)("dynamics-web-api");

const [server, other] = process.argv.slice(2);
const client = (serverUrl) =>
  new DynamicsWebApi({
    serverUrl,
    dataApi: { version: "9.2" },
    propagateErrors: true,
    onTokenRefresh: async () => "any-token",
  });
const dev = client(server);
const target = client(other);

const label = (text) => ({ LocalizedLabels: [{ Label: text, LanguageCode: 1033 }] });
const optional = { Value: "None" };
const inSolution = { "MSCRM.SolutionUniqueName": "ContosoStory" };
const done = [];
const step = async (name, work) => {
  try {
    const result = await work();
    done.push(name);
    return result;
  } catch (error) {
    console.error(`step failed: ${name}`);
    console.error(error.status ? `${error.status} ${error.code} ${error.message}` : error);
    process.exit(1);
  }
};
const refused = async (work) => {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error("a refusal was expected");
};
const act = (api, actionName, action) => api.callAction({ actionName, action });
const uuid = () => crypto.randomUUID();
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

await step("who am I", async () => {
  const me = await dev.callFunction("WhoAmI");
  assert.match(me.UserId, /^[0-9a-f-]{36}$/);
});

const publisher = await step("a publisher", () =>
  dev.create({
    collection: "publishers",
    data: {
      uniquename: "contosostory",
      friendlyname: "Contoso Story",
      customizationprefix: "cst",
      customizationoptionvalueprefix: 71234,
    },
  }),
);
await step("a solution of it", () =>
  dev.create({
    collection: "solutions",
    data: {
      uniquename: "ContosoStory",
      friendlyname: "Contoso Story",
      version: "1.0.0.0",
      "publisherid@odata.bind": `/publishers(${publisher})`,
    },
    returnRepresentation: true,
  }),
);

const table = await step("a table", () =>
  dev.createEntity({
    headers: inSolution,
    data: {
      "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata",
      SchemaName: "cst_Project",
      DisplayName: label("Project"),
      DisplayCollectionName: label("Projects"),
      Description: label("What is worked on"),
      OwnershipType: "UserOwned",
      HasActivities: false,
      HasNotes: false,
      IsActivity: false,
      Attributes: [
        {
          "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
          AttributeType: "String",
          AttributeTypeName: { Value: "StringType" },
          SchemaName: "cst_Name",
          DisplayName: label("Name"),
          RequiredLevel: optional,
          MaxLength: 100,
          FormatName: { Value: "Text" },
          IsPrimaryName: true,
        },
      ],
    },
  }),
);
const column = (data) => dev.createAttribute({ entityKey: table, headers: inSolution, data });
await step("columns of it", async () => {
  await column({
    "@odata.type": "Microsoft.Dynamics.CRM.IntegerAttributeMetadata",
    SchemaName: "cst_Effort",
    DisplayName: label("Effort"),
    RequiredLevel: optional,
    MinValue: 0,
    MaxValue: 1000,
  });
  await column({
    "@odata.type": "Microsoft.Dynamics.CRM.PicklistAttributeMetadata",
    SchemaName: "cst_Stage",
    DisplayName: label("Stage"),
    RequiredLevel: optional,
    OptionSet: {
      "@odata.type": "Microsoft.Dynamics.CRM.OptionSetMetadata",
      IsGlobal: false,
      OptionSetType: "Picklist",
      Options: [
        { Value: 712340000, Label: label("Idea") },
        { Value: 712340001, Label: label("Work") },
      ],
    },
  });
  await column({
    "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
    SchemaName: "cst_Legacy",
    DisplayName: label("Legacy"),
    RequiredLevel: optional,
    MaxLength: 50,
    FormatName: { Value: "Text" },
  });
});
await step("the table as it is read back", async () => {
  const read = await dev.retrieveEntity({
    key: "LogicalName='cst_project'",
    select: ["LogicalName", "EntitySetName", "PrimaryNameAttribute"],
  });
  assert.equal(read.EntitySetName, "cst_projects");
  assert.equal(read.PrimaryNameAttribute, "cst_name");
  const columns = await dev.retrieveAttributes({
    entityKey: "LogicalName='cst_project'",
    castType: "Microsoft.Dynamics.CRM.PicklistAttributeMetadata",
    select: ["LogicalName"],
    expand: [{ property: "OptionSet", select: ["Options"] }],
  });
  const stage = columns.value.find((column) => column.LogicalName === "cst_stage");
  assert.deepEqual(
    stage.OptionSet.Options.map((option) => option.Value),
    [712340000, 712340001],
  );
});
await step("definitions, changed and taken away again", async () => {
  const choice = "Name='cst_color'";
  await dev.createGlobalOptionSet({
    headers: inSolution,
    data: {
      "@odata.type": "Microsoft.Dynamics.CRM.OptionSetMetadata",
      Name: "cst_color",
      DisplayName: label("Color"),
      OptionSetType: "Picklist",
      Options: [{ Value: 1, Label: label("Red") }, { Value: 2, Label: label("Blue") }],
    },
  });
  const all = await dev.retrieveGlobalOptionSets({ castType: "Microsoft.Dynamics.CRM.OptionSetMetadata", select: ["Name"] });
  assert.ok(all.value.some((own) => own.Name === "cst_color"));
  const whole = await dev.retrieveGlobalOptionSet({ key: choice });
  whole.DisplayName = label("Colour");
  await dev.updateGlobalOptionSet({ data: whole, mergeLabels: true });
  await dev.callAction({ actionName: "OrderOption", action: { OptionSetName: "cst_color", Values: [2, 1] } });
  await dev.callAction({ actionName: "PublishAllXml" });
  const changed = await dev.retrieveGlobalOptionSet({ key: choice });
  assert.equal(changed.DisplayName.UserLocalizedLabel.Label, "Colour");
  assert.deepEqual(changed.Options.map((option) => option.Value), [2, 1]);

  const known = await dev.retrieveEntities({ select: ["LogicalName"], filter: "LogicalName eq 'cst_project'" });
  const { MetadataId } = known.value[0];
  await dev.updateEntity({ data: { MetadataId, DisplayName: label("Undertaking") }, mergeLabels: true });
  await dev.createRelationship({
    headers: inSolution,
    data: {
      "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
      SchemaName: "cst_account_project",
      ReferencedEntity: "account",
      ReferencingEntity: "cst_project",
      Lookup: { SchemaName: "cst_AccountId", DisplayName: label("Account") },
    },
  });
  const castType = "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata";
  const related = await dev.retrieveRelationships({ castType, filter: "SchemaName eq 'cst_account_project'" });
  const relationship = related.value[0];
  relationship.CascadeConfiguration.Delete = "Restrict";
  await dev.updateRelationship({ data: relationship, castType, mergeLabels: true });
  const lookup = await dev.retrieveAttribute({ entityKey: MetadataId, attributeKey: "LogicalName='cst_accountid'" });
  lookup.DisplayName = label("Customer");
  await dev.updateAttribute({ entityKey: MetadataId, data: lookup, mergeLabels: true });
  await dev.callAction({ actionName: "PublishAllXml" });
  const read = await dev.retrieveRelationship({ key: relationship.MetadataId });
  assert.equal(read.CascadeConfiguration.Delete, "Restrict");
  const named = await dev.retrieveAttribute({ entityKey: MetadataId, attributeKey: lookup.MetadataId });
  assert.equal(named.DisplayName.UserLocalizedLabel.Label, "Customer");
  const table = await dev.retrieveEntity({ key: MetadataId, select: ["DisplayName"] });
  assert.equal(table.DisplayName.UserLocalizedLabel.Label, "Undertaking");
  const views = await dev.retrieveMultiple({ collection: "savedqueries", filter: "returnedtypecode eq 'cst_project'", select: ["name"] });
  assert.equal(views.value.length, 7);

  await dev.deleteRelationship({ key: relationship.MetadataId });
  await dev.deleteGlobalOptionSet({ key: changed.MetadataId });
});
await step("everything is published", () => dev.callAction({ actionName: "PublishAllXml" }));

const first = await step("rows", async () => {
  const id = await dev.create({
    collection: "cst_projects",
    data: { cst_name: "Bridge", cst_effort: 5, cst_stage: 712340001, cst_legacy: "old" },
  });
  for (let number = 0; number < 7; number += 1) {
    await dev.create({ collection: "cst_projects", data: { cst_name: `Road ${number}`, cst_effort: number } });
  }
  return id;
});
await step("rows as they are read", async () => {
  const row = await dev.retrieve({
    collection: "cst_projects",
    key: first,
    select: ["cst_name", "cst_effort", "cst_stage"],
    includeAnnotations: "*",
  });
  assert.equal(row.cst_name, "Bridge");
  assert.equal(row["cst_stage@OData.Community.Display.V1.FormattedValue"], "Work");
  assert.ok(row["@odata.etag"]);
  const some = await dev.retrieveMultiple({
    collection: "cst_projects",
    select: ["cst_name"],
    filter: "cst_effort gt 3 and contains(cst_name,'ROAD')",
    orderBy: ["cst_effort desc"],
    count: true,
  });
  assert.deepEqual(
    some.value.map((row) => row.cst_name),
    ["Road 6", "Road 5", "Road 4"],
  );
  assert.equal(some["@odata.count"], 3);
});
await step("pages", async () => {
  const all = await dev.retrieveAll({ collection: "cst_projects", select: ["cst_name"], maxPageSize: 3 });
  assert.equal(all.value.length, 8);
  assert.equal(new Set(all.value.map((row) => row.cst_projectid)).size, 8);
  assert.equal(await dev.count({ collection: "cst_projects", filter: "cst_effort lt 3" }), 3);
});
await step("FetchXML", async () => {
  const found = await dev.fetch({
    collection: "cst_projects",
    fetchXml: `<fetch><entity name="cst_project"><attribute name="cst_name"/><order attribute="cst_name"/>
      <filter><condition attribute="cst_effort" operator="ge" value="5"/></filter></entity></fetch>`,
  });
  assert.deepEqual(
    found.value.map((row) => row.cst_name),
    ["Bridge", "Road 5", "Road 6"],
  );
});
await step("changes of rows", async () => {
  const changed = await dev.update({
    collection: "cst_projects",
    key: first,
    data: { cst_effort: 8 },
    returnRepresentation: true,
    select: ["cst_effort"],
  });
  assert.equal(changed.cst_effort, 8);
  const stale = await refused(() =>
    dev.update({ collection: "cst_projects", key: first, data: { cst_effort: 9 }, ifmatch: 'W/"1"' }),
  );
  assert.equal(stale.status, 412);
  const missing = await refused(() => dev.retrieve({ collection: "cst_projects", key: uuid() }));
  assert.equal(missing.status, 404);
  await dev.updateSingleProperty({ collection: "cst_projects", key: first, fieldValuePair: { cst_effort: 5 } });
  const unknown = await refused(() => dev.create({ collection: "cst_projects", data: { cst_nothing: 1 } }));
  assert.equal(unknown.code, "0x80048d19");
});
await step("a batch that is kept", async () => {
  dev.startBatch();
  dev.create({ collection: "cst_projects", data: { cst_name: "In a batch" }, contentId: "1" });
  dev.update({ collection: "$1", key: "", data: { cst_effort: 77 }, contentId: "2" }).catch(() => {});
  const answers = await dev.executeBatch();
  assert.ok(answers.length >= 1);
  assert.equal(await dev.count({ collection: "cst_projects", filter: "cst_name eq 'In a batch'" }), 1);
});
await step("a batch that is taken back", async () => {
  dev.startBatch();
  dev.create({ collection: "cst_projects", data: { cst_name: "Not to be" } });
  dev.create({ collection: "cst_projects", data: { cst_effort: 5000 } });
  const outcome = await dev.executeBatch().catch((error) => error);
  assert.ok([outcome].flat().some((part) => part instanceof Error || part?.status === 400), "the failing part is told");
  assert.equal(await dev.count({ collection: "cst_projects", filter: "cst_name eq 'Not to be'" }), 0);
});

const exported = (managed) =>
  act(dev, "ExportSolution", { SolutionName: "ContosoStory", Managed: managed }).then((r) => r.ExportSolutionFile);
const version = (number) =>
  dev
    .retrieveMultiple({ collection: "solutions", select: ["solutionid"], filter: "uniquename eq 'ContosoStory'" })
    .then((found) =>
      dev.update({ collection: "solutions", key: found.value[0].solutionid, data: { version: number } }),
    );
const awaited = async (operation) => {
  for (let turn = 0; turn < 300; turn += 1) {
    const row = await target.retrieve({ collection: "asyncoperations", key: operation });
    if (row.statecode === 3) {
      assert.ok(row.completedon);
      return row;
    }
    assert.equal(row.completedon, null);
    await sleep(100);
  }
  throw new Error("the operation does not end");
};

const one = await step("version 1, managed", () => exported(true));
await step("version 1 in the other environment", async () => {
  const job = uuid();
  const started = await act(target, "ImportSolutionAsync", {
    OverwriteUnmanagedCustomizations: false,
    PublishWorkflows: true,
    CustomizationFile: one,
    ImportJobId: job,
  });
  const ended = await awaited(started.AsyncOperationId);
  assert.equal(ended.statuscode, 30, ended.message);
  const read = await target.retrieve({ collection: "importjobs", key: job, select: ["progress", "data", "completedon"] });
  assert.equal(read.progress, 100);
  assert.match(read.data, /result="success"/);
});
await step("rows there", async () => {
  await target.create({ collection: "cst_projects", data: { cst_name: "Tower", cst_legacy: "to be lost" } });
  const [solution] = (
    await target.retrieveMultiple({
      collection: "solutions",
      filter: "uniquename eq 'ContosoStory'",
      select: ["version", "ismanaged"],
      expand: [{ property: "publisherid", select: ["customizationprefix"] }],
    })
  ).value;
  assert.equal(solution.ismanaged, true);
  assert.equal(solution.publisherid.customizationprefix, "cst");
});

await step("version 2 drops a column", async () => {
  const columns = await dev.retrieveAttributes({
    entityKey: "LogicalName='cst_project'",
    select: ["LogicalName", "MetadataId"],
    filter: "LogicalName eq 'cst_legacy'",
  });
  const key = columns.value[0].MetadataId;
  await dev.deleteRecord({
    collection: "EntityDefinitions",
    key: "LogicalName='cst_project'",
    navigationProperty: "Attributes",
    navigationPropertyKey: key,
  }).catch(async () => {
    // This version of the client may not know the way through a navigation.
    const url = `${server}/api/data/v9.2/EntityDefinitions(LogicalName='cst_project')/Attributes(${key})`;
    const answer = await fetch(url, { method: "DELETE", headers: { authorization: "Bearer any" } });
    assert.equal(answer.status, 204, await answer.text());
  });
  await version("2.0.0.0");
});
const two = await step("version 2, managed", () => exported(true));
await step("the upgrade takes the column and its values away", async () => {
  const started = await act(target, "StageAndUpgradeAsync", {
    OverwriteUnmanagedCustomizations: false,
    PublishWorkflows: true,
    CustomizationFile: two,
    ImportJobId: uuid(),
  });
  const ended = await awaited(started.AsyncOperationId);
  assert.equal(ended.statuscode, 30, ended.message);
  const unknown = await refused(() => target.retrieveMultiple({ collection: "cst_projects", select: ["cst_legacy"] }));
  assert.equal(unknown.status, 400);
  assert.equal(await target.count({ collection: "cst_projects" }), 1);
});
await step("layers", async () => {
  const read = await target.retrieveEntity({ key: "LogicalName='cst_project'", select: ["MetadataId"] });
  const layers = await target.retrieveMultiple({
    collection: "msdyn_componentlayers",
    filter: `(msdyn_componentid eq '${read.MetadataId}' and msdyn_solutioncomponentname eq 'Entity')`,
  });
  assert.deepEqual(
    layers.value.map((layer) => layer.msdyn_solutionname),
    ["ContosoStory"],
  );
});
await step("dependencies and the way out", async () => {
  const forUninstall = await target.callFunction({
    functionName: "RetrieveDependenciesForUninstall",
    parameters: { SolutionUniqueName: "ContosoStory" },
  });
  assert.deepEqual(forUninstall.value ?? forUninstall, []);
  const found = await target.retrieveMultiple({
    collection: "solutions",
    select: ["solutionid"],
    filter: "uniquename eq 'ContosoStory'",
  });
  await target.deleteRecord({ collection: "solutions", key: found.value[0].solutionid });
  const gone = await refused(() => target.retrieveMultiple({ collection: "cst_projects" }));
  assert.equal(gone.status, 404);
});
console.log(JSON.stringify({ steps: done.length }));
