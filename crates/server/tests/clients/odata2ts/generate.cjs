// Generates a client from the metadata of a server: `node generate.cjs METADATA_XML OUTPUT_FOLDER`.
// The generator needs minutes for all tables, so the document is cut to those of the story first; nothing is changed in
// what is left of it.
const fs = require("node:fs");
const path = require("node:path");
const { execFileSync } = require("node:child_process");

const KEPT = new Set(["crmbaseentity", "solution", "publisher", "account", "contact", "webresource"]);
const [source, output] = process.argv.slice(2);

const target = (type) => type.replace(/^Collection\(|\)$/g, "").replace(/^mscrm\./, "");
const isKept = (type) => type.startsWith("Edm.") || KEPT.has(target(type)) || target(type) === "BooleanManagedProperty";

function cut(xml) {
  const block = (name, keep) => (text) =>
    text.replace(new RegExp(`<${name} Name="([^"]+)"(?:[^>]*/>|[^>]*>.*?</${name}>)`, "gs"), (whole, own) =>
      keep(own, whole) ? whole : "");
  const dropped = new Set();
  xml = block("EntityType", (own) => KEPT.has(own))(xml);
  xml = block("ComplexType", (own) => own === "BooleanManagedProperty" || own === "WhoAmIResponse")(xml);
  xml = block("Action", () => false)(xml);
  xml = block("Function", (own) => own === "WhoAmI")(xml);
  xml = xml.replace(/<ActionImport [^>]*\/>/g, "");
  xml = xml.replace(/<FunctionImport Name="(?!WhoAmI")[^>]*\/>/g, "");
  xml = xml.replace(/<NavigationProperty Name="([^"]+)" Type="([^"]+)"(?:[^>]*\/>|[^>]*[^/]>.*?<\/NavigationProperty>)/gs,
    (whole, own, type) => (isKept(type) ? whole : (dropped.add(own), "")));
  const sets = new Set();
  xml = xml.replace(/<EntitySet Name="([^"]+)" EntityType="Microsoft\.Dynamics\.CRM\.([^"]+)"(\/>|>.*?<\/EntitySet>)/gs,
    (whole, own, type) => (KEPT.has(type) ? (sets.add(own), whole) : ""));
  xml = xml.replace(/<NavigationPropertyBinding Path="[^"]+" Target="([^"]+)"\/>/g, (whole, set) => (sets.has(set) ? whole : ""));
  return xml.replace(/<Schema Namespace="strata".*?<\/Schema>/s, "");
}

fs.mkdirSync(output, { recursive: true });
const reduced = path.join(output, "metadata.xml");
fs.writeFileSync(reduced, cut(fs.readFileSync(source, "utf8")));
fs.writeFileSync(path.join(output, "tsconfig.json"), JSON.stringify({
  compilerOptions: { target: "ES2021", module: "CommonJS", moduleResolution: "Node", skipLibCheck: true },
}));
const tool = require.resolve("@odata2ts/odata2ts/package.json");
const bin = path.join(path.dirname(tool), require(tool).bin);
execFileSync(process.execPath,
  [bin, "-s", reduced, "-o", path.join(output, "client"), "-m", "all", "-e", "js", "-r", "-name", "strata", "-t", path.join(output, "tsconfig.json")],
  { cwd: __dirname, stdio: "inherit" });
