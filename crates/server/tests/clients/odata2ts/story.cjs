// A client that knows nothing of Dataverse: generated from the metadata that the server sends, then run against it.
// `node story.cjs URL FOLDER`; the last line of its output tells the steps.
const fs = require("node:fs");
const path = require("node:path");
const assert = require("node:assert");
const { execFileSync } = require("node:child_process");

const [server, folder] = process.argv.slice(2);
const root = `${server.replace(/\/$/, "")}/api/data/v9.2`;
const steps = [];

async function main() {
  const metadata = await fetch(`${root}/$metadata`);
  assert.equal(metadata.headers.get("content-type").split(";")[0], "application/xml");
  const source = path.join(folder, "served.xml");
  fs.writeFileSync(source, await metadata.text());
  execFileSync(process.execPath, [path.join(__dirname, "generate.cjs"), source, folder], { stdio: "ignore" });
  steps.push("generated");

  const { FetchClient } = await import("@odata2ts/http-client-fetch");
  const { StrataService } = require(path.join(folder, "client", "StrataService.js"));
  const service = new StrataService(new FetchClient(), root);

  const solutions = await service.solutions().query((builder, solution) =>
    builder
      .select("uniquename", "version", "isvisible")
      .filter(solution.uniquename.eq("Default"))
      .expanding("publisherid", (publisher) => publisher.select("uniquename", "customizationprefix"))
      .orderBy(solution.uniquename.asc())
      .count());
  assert.equal(solutions.status, 200);
  const [standard] = solutions.data.value;
  assert.equal(standard.uniquename, "Default");
  assert.ok(standard.publisherid.uniquename);
  assert.equal(standard.friendlyname, undefined);
  steps.push("queried with filter, select and expand");

  const made = await service.accounts().create({ name: "Generic", accountnumber: "G-1" });
  assert.ok([201, 204].includes(made.status));
  const found = await service.accounts().query((builder, account) =>
    builder.select("accountid", "name").filter(account.name.eq("Generic")));
  const [own] = found.data.value;
  assert.equal(own.name, "Generic");
  steps.push("created a row");

  await service.accounts(own.accountid).patch({ accountnumber: "G-2" });
  const changed = await service.accounts(own.accountid).query((builder) => builder.select("accountnumber"));
  assert.equal(changed.data.accountnumber, "G-2");
  steps.push("changed it");

  await service.accounts(own.accountid).delete();
  const rest = await service.accounts().query((builder, account) => builder.filter(account.name.eq("Generic")));
  assert.equal(rest.data.value.length, 0);
  steps.push("deleted it");
}

main().then(
  () => console.log(JSON.stringify({ steps })),
  (error) => {
    console.error(error, steps);
    process.exit(1);
  },
);
