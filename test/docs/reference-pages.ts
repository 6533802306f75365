/** The pages of docs/reference, from the list of the surface, the declarations in the sources and their docstrings. */
import { labelOf, type SurfaceEntry } from "../surface/entry.ts";
import { surface } from "../surface/surface.ts";
import { pages, type Page } from "./areas.ts";
import { type Declaration, type Member, publicDeclarations } from "./declarations.ts";
import { type Docstring, parseDocstring } from "./docstrings.ts";
import { anchorOf, linked, table } from "./markdown.ts";

/** An entry of the list with what the sources say of it. */
export interface Operation {
  readonly entry: SurfaceEntry;
  readonly heading: string;
  readonly signatures: readonly string[];
  readonly docs: Docstring;
  /** "src/api/rdd-core.ts:30". */
  readonly at: string;
}

const declarations = publicDeclarations();

/** Operations that are there, in the order of the list. */
export function operationsOf(page: Page): Operation[] {
  return page.areas.flatMap(area => (surface[area] as readonly SurfaceEntry[]).flatMap(operationOf));
}

export function operationOf(entry: SurfaceEntry): Operation[] {
  const owner = entry.on === "exports" ? entry.name : entry.on;
  const found = declarations
    .filter(each => each.name === owner && (owner !== "StorageLevel" || each.kind === "constant"))
    .flatMap((each): (Declaration | Member)[] =>
      entry.on === "exports" ? [each] : each.members.filter(member => member.name === entry.name),
    )[0];
  if (found === undefined) return [];
  const signatures = "kind" in found && found.kind === "interface" ? [interfaceForm(found)] : found.signatures;
  return [
    {
      entry,
      heading: ["Rdd", "Context", "exports"].includes(entry.on) ? entry.name : labelOf(entry),
      signatures: [...new Set(signatures.map(signature => withReceiver(entry, signature)))],
      docs: docsOf(found.docs, labelOf(entry)),
      at: found.at,
    },
  ];
}

function interfaceForm({ name, members }: Declaration): string {
  return `interface ${name} {\n${members.map(({ signatures }) => `  ${signatures[0]!};\n`).join("")}}`;
}

function docsOf(text: string, label: string): Docstring {
  try {
    return parseDocstring(text);
  } catch (error) {
    throw new Error(`docstring of ${label}: ${(error as Error).message}`);
  }
}

function withReceiver({ on, shape }: SurfaceEntry, signature: string): string {
  if (on === "exports" || signature.startsWith("Rdd<")) return signature;
  const receivers = {
    Rdd: "Rdd<T>",
    RddBarrier: "RddBarrier<T>",
    Context: shape === "static" ? "Context" : "ctx",
    StatusTracker: "ctx.statusTracker()",
    Broadcast: "broadcast",
    Accumulator: "accumulator",
    TaskContext: "taskContext()",
    StorageLevel: "StorageLevel",
    FiresteelFiles: "FiresteelFiles",
  };
  return `${receivers[on]}${signature.startsWith("[") ? "" : "."}${signature}`;
}

/** Where each name is described: "pairs.md#join". Names that are described twice are left out. */
export function linkTargets(): Map<string, string> {
  const targets = new Map<string, string>();
  const twice = new Set<string>();
  const add = (name: string, target: string) => {
    if (targets.has(name)) twice.add(name);
    targets.set(name, target);
  };
  for (const page of pages) {
    for (const { entry, heading } of operationsOf(page)) add(entry.name, `${page.file}#${anchorOf(heading)}`);
    for (const name of page.types) add(name, `${page.file}#${anchorOf(name)}`);
  }
  for (const name of twice) targets.delete(name);
  return targets;
}

export function referencePage(page: Page): string {
  const targets = linkTargets();
  const operations = operationsOf(page);
  const contents = operations.map(({ heading }) => `[${heading}](#${anchorOf(heading)})`).join(" · ");
  const text = [
    `# ${page.title}`,
    linked(page.opening, targets, page.file),
    contents,
    ...operations.map(each => section(each, targets, page.file)),
    ...page.types.map(name => typeSection(name, targets, page.file)),
  ];
  return `${text.join("\n\n")}\n`;
}

function section(
  { entry, heading, signatures, docs, at }: Operation,
  targets: Map<string, string>,
  file: string,
): string {
  // a parameter is not what else has its name
  const own = new Set([entry.name, ...signatures.flatMap(each => each.match(/\w+(?=\??:| = )/g) ?? [])]);
  const others = new Map([...targets].filter(([name]) => !own.has(name)));
  const facts = [
    ...(docs.cost === undefined ? [] : [`- **Cost**: ${docs.cost}`]),
    ...(docs.memory === undefined ? [] : [`- **Memory**: ${docs.memory}`]),
    ...docs.errors.map(each => `- **Errors**: ${each}`),
  ];
  const spark = entry.spark === undefined ? "Not in Spark" : `Spark: \`${entry.spark}\``;
  return [
    `## ${heading}`,
    fenced(signatures.join("\n")),
    ...[docs.summary].filter(Boolean).map(each => linked(each, others, file)),
    ...(facts.length === 0 ? [] : [linked(facts.join("\n"), others, file)]),
    ...docs.examples.map(fenced),
    `${spark} · [${at.replace(/:\d+$/, "").replace("src/", "")}](../../${at.replace(/:\d+$/, "")})`,
  ].join("\n\n");
}

function typeSection(name: string, targets: Map<string, string>, file: string): string {
  const found = declarations.find(each => each.name === name && each.kind !== "constant");
  if (found === undefined) throw new Error(`${name} is not exported`);
  const others = new Map([...targets].filter(([each]) => each !== name));
  const rows = found.members.map(({ signatures, docs }) => {
    const [, field, type] = /^(\w+\??)(?:: )?(.*)$/s.exec(signatures[0]!)!;
    return [`\`${field}\``, type === "" ? "" : `\`${type}\``, linked(docs.replace(/\s*\n\s*/g, " "), others, file)];
  });
  return [
    `## ${name}`,
    ...[docsOf(found.docs, name).summary].filter(Boolean).map(each => linked(each, others, file)),
    ...(found.kind !== "type"
      ? []
      : [fenced(`type ${name} =${found.signatures[0]!.startsWith("|") ? "\n  " : " "}${found.signatures[0]!}`)]),
    ...(rows.length === 0 ? [] : [table(["field", "type", ""], rows)]),
  ].join("\n\n");
}

function fenced(code: string): string {
  return `\`\`\`ts\n${code}\n\`\`\``;
}
