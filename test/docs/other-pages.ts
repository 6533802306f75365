/** The pages that are made of tables: the index, the configuration keys, and the surface with what is tested where. */
import { configKeys, environmentName, type KeySpec } from "../../src/base/config-keys.ts";
import { defaultText, typeText } from "../../src/cli/help.ts";
import { testedOn } from "../surface/coverage.ts";
import { labelOf, type SurfaceEntry } from "../surface/entry.ts";
import { surface } from "../surface/surface.ts";
import { pages, type Page } from "./areas.ts";
import { anchorOf, table } from "./markdown.ts";
import { operationOf } from "./reference-pages.ts";

export function indexPage(): string {
  return `# Firesteel's documentation

Read [coming from Spark](coming-from-spark.md) if you know Spark, the [README](../README.md) first if you do not; the reference is for looking up.

| | |
|---|---|
${pages.map(page => `| [${page.title}](reference/${page.file}) | ${namesOn(page)} |`).join("\n")}
| [Configuration](reference/configuration.md) | every key, its default and meaning |
| [The surface](surface.md) | every operation of Spark's core: its name here, and where it is tested |

The reference is made from the sources: \`npm run docs\` writes it, and a test fails when it is out of date.
`;
}

function namesOn(page: Page): string {
  const names = page.areas.flatMap(area => (surface[area] as readonly SurfaceEntry[]).flatMap(operationOf));
  const shown = names.filter(each => /^\w+$/.test(each.heading)).slice(0, 6);
  return `${shown.map(({ heading }) => `\`${heading}\``).join(", ")}${names.length > shown.length ? " …" : ""}`;
}

/** Sections of the configuration page, by what follows `firesteel.` in a key. The last takes what no other does. */
const keySections: readonly (readonly [title: string, beginnings: readonly string[]])[] = [
  ["The application", ["master", "app", "submit", "driver", "default", "ui", "log"]],
  ["Executors and their memory", ["executor", "cores", "memory", "local", "io", "codegen"]],
  ["Stages and tasks", ["task", "stage", "scheduler", "locality", "barrier", "starvation", "checkpoint"]],
  ["Shuffle and network", ["shuffle", "reducer", "rpc", "network"]],
  ["Files", ["files", "text", "s3", "hdfs"]],
  ["Masters and workers", ["deploy", "worker"]],
  ["Others", []],
];

export function configurationPage(): string {
  const sections = keySections.flatMap(([title], i) => {
    const keys = Object.entries<KeySpec>(configKeys).filter(([key]) => sectionOf(key) === i);
    if (keys.length === 0) return [];
    const rows = keys.map(([key, spec]) => [`\`${key}\``, typeText(spec), defaultText(spec) || "none", spec.meaning]);
    return [`## ${title}`, table(["key", "value", "default", "meaning"], rows)];
  });
  return `# Configuration

Read a row as: the key, the form of its value, what it is when nothing sets it, and what it does; \`firesteel help config\` prints the same.

A key is set by, strongest first, the job's code (\`conf\` of [\`Context.create\`](context.md#create)), the command line (\`--conf key=value\`), the environment and a properties file (\`firesteel.conf\` in the working directory, or \`--properties-file\`). The variable of a key is its name in capitals with \`_\` for dots and before inner capitals: \`firesteel.driver.maxResultSize\` is \`${environmentName("firesteel.driver.maxResultSize")}\`. Bytes are written as \`512m\` or \`2g\`, durations as \`10s\` or \`5min\`. Unknown keys are refused with the nearest one that exists.

${sections.join("\n\n")}
`;
}

function sectionOf(key: string): number {
  const found = keySections.findIndex(([, beginnings]) => beginnings.includes(key.split(".")[1]!));
  return found < 0 ? keySections.length - 1 : found;
}

export function surfacePage(): string {
  const parts = Object.entries(surface).flatMap(([area, entries]) => [
    `## ${titles[area as keyof typeof surface]}`,
    table(["operation", "Spark's name", "done", "tested on"], (entries as readonly SurfaceEntry[]).map(rowOf)),
  ]);
  return `# The surface

Read a row as: what it is called here, in Spark's Scala API, whether it is there, and on which masters the tests run it.

\`local[1]\` is one task thread, \`local[4]\` four, \`local-cluster\` executors that are processes. Every source, transformation and action of Spark's is compared with plain arrays on each of the three: over numbers, strings, objects, tuples, instances, built-in values, mixed rows and none, as JavaScript values and as columns, in one, many and empty partitions. The table is made from the list, the sources and the suites, and a test fails when it is out of date.

${parts.join("\n\n")}
`;
}

const titles: Readonly<Record<keyof typeof surface, string>> = {
  context: "Context",
  sources: "Sources and sinks",
  lifecycle: "Lifecycle and storage levels",
  partitioners: "Partitioners",
  shared: "Shared variables",
  task: "Tasks",
  transformations: "Transformations",
  actions: "Actions",
  pairs: "Pairs",
  ordered: "Ordered",
  numeric: "Numeric",
};

function rowOf(entry: SurfaceEntry): string[] {
  const [operation] = operationOf(entry);
  const label = `\`${labelOf(entry)}\``;
  const spark = entry.spark === undefined ? "–" : `\`${entry.spark}\``;
  if (operation === undefined) return [label, spark, "no", "–"];
  const page = pages.find(each => each.areas.some(area => (surface[area] as readonly SurfaceEntry[]).includes(entry)))!;
  return [
    `[${label}](reference/${page.file}#${anchorOf(operation.heading)})`,
    spark,
    "yes",
    testedOn(entry).join(", "),
  ];
}
