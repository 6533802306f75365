/** What is wrong before a job runs: the command line, the configuration, a job file that cannot be loaded. Exit code 2. */
import { describe, test, setDefaultTimeout } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expectGolden, run, type Run, testTimeoutMs } from "./harness.ts";

setDefaultTimeout(testTimeoutMs);

const cases: Readonly<Record<string, Run>> = {
  "job-missing": { args: ["run", "jbo.ts"], setUp: job("job.ts", "") },
  "job-is-folder": { args: ["run", "jobs"], setUp: folder => mkdirSync(join(folder, "jobs")) },
  "job-is-folder-of-jobs": { args: ["run", "."], setUp: job("job.ts", "") },
  "job-exports-functions": { args: ["run", "job.ts"], setUp: job("job.ts", "export function count() {}\n") },
  "entry-misspelt": {
    args: ["run", "--entry", "cuont", "job.ts"],
    setUp: job("job.ts", "export function count() {}\nexport function sort() {}\n"),
  },
  "entry-unknown": {
    args: ["run", "--entry", "main", "job.ts"],
    setUp: job("job.ts", "export function count() {}\nexport function sort() {}\n"),
  },
  "options-behind": {
    args: ["run", "-q", "job.ts", "rows.csv", "--master", "local[2]", "--conf", "a=1"],
    setUp: job("job.ts", "export default (ctx, args) => console.log(args.join(' '));\n"),
  },
  "options-behind-untold": {
    args: ["run", "-q", "--conf", "firesteel.log.level=error", "job.ts", "--master", "local[2]"],
    setUp: job("job.ts", "export default (ctx, args) => console.log(args.join(' '));\n"),
  },
  "job-syntax-error": {
    args: ["run", "job.ts"],
    setUp: job("job.ts", "export default async function main(ctx) {\n  const rows = ;\n}\n"),
  },
  "job-type-syntax-error": {
    args: ["run", "job.ts"],
    setUp: job("job.ts", "interface A { a: }\nexport default function main() {}\n"),
  },
  "job-import-missing": { args: ["run", "job.ts"], setUp: importing("rows", 'import { rows } from "./row.ts";') },
  "job-import-not-exported": { args: ["run", "job.ts"], setUp: importing("row", 'import { row } from "./rows.ts";') },
  "job-package-missing": { args: ["run", "job.ts"], setUp: importing("pad", 'import pad from "left-pad-of-nobody";') },
  "job-exports-nothing": { job: "exports-nothing.ts" },
  "job-exports-number": { job: "exports-number.ts" },
  "job-common-js": {
    args: ["run", "job.js"],
    setUp: job("job.js", "module.exports = async ctx => console.log(await ctx.range(3).sum());\n"),
  },
  "job-common-js-exports": { args: ["run", "job.cjs"], setUp: job("job.cjs", "exports.main = async ctx => 1;\n") },
  "job-empty": { args: ["run", "job.ts"], setUp: job("job.ts", "") },
  "no-command": { args: [] },
  "unknown-command": { args: ["rnu", "job.ts"] },
  "unknown-option": { args: ["run", "--mastr", "local", "job.ts"] },
  "option-of-submit": { args: ["run", "--files", "rows.csv", "job.ts"], setUp: job("job.ts", "") },
  "option-without-value": { args: ["run", "--master"] },
  "conf-unknown": { job: "exports-number.ts", conf: { "firesteel.executor.memmory": "1g" } },
  "conf-without-key": { args: ["run", "--conf", "=1g", "job.ts"], setUp: job("job.ts", "") },
  "conf-not-bytes": { job: "exports-number.ts", conf: { "firesteel.executor.memory": "lots" } },
  "conf-out-of-range": { job: "exports-number.ts", conf: { "firesteel.executor.memory": "1m" } },
  "conf-in-code": { job: "script-conf.ts" },
  "conf-in-environment": { job: "exports-number.ts", env: { FIRESTEEL_EXECUTOR_MEMMORY: "1g" } },
  "conf-in-file": {
    job: "exports-number.ts",
    setUp: folder => writeFileSync(join(folder, "firesteel.conf"), "# memory\nfiresteel.executor.memmory = 1g\n"),
  },
  "master-malformed": { job: "exports-number.ts", master: "local[two]" },
  "master-in-code": { job: "script-master.ts" },
  "job-is-text": { args: ["run", "notes.txt"], setUp: job("notes.txt", "no job at all\n") },
  "master-of-another-kind": { job: "exits.ts", master: "yarn" },
};

function job(name: string, text: string): (folder: string) => void {
  return folder => writeFileSync(join(folder, name), text);
}

function importing(name: string, line: string): (folder: string) => void {
  return folder => {
    writeFileSync(join(folder, "rows.ts"), "export const rows = 1;\n");
    writeFileSync(join(folder, "job.ts"), `${line}\n\nexport default function main() {\n  console.log(${name});\n}\n`);
  };
}

describe("wrong usage", () => {
  for (const [name, each] of Object.entries(cases)) test(name, async () => expectGolden(name, await run(each)));
});
