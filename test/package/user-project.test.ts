/**
 * The package as its users get it: packed, installed into a new project by npm, and used there by the command, the preload, Bun's
 * tests and the type checker. The files of the project are those of project/. The packages that it depends on come from where this
 * one's are installed, so that no registry is asked.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dependencies } from "../../package.json" with { type: "json" };

const root = join(import.meta.dirname, "../..");
const packMaxMs = 600_000;
const runMaxMs = 120_000;

let folder: string;
let project: string;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "firesteel-package-")));
  project = join(folder, "project");
  expect(run(root, "npm", "pack", "--pack-destination", folder)).toMatchObject({ code: 0 });
  const [packed] = readdirSync(folder);
  mkdirSync(project);
  cpSync(join(import.meta.dirname, "project"), project, { recursive: true });
  renameSync(join(project, "spec.ts"), join(project, "job.test.ts"));
  writeFileSync(join(project, "bunfig.toml"), '[test]\npreload = ["firesteel/register"]\n');
  writeFileSync(join(project, "words.txt"), "Spark sparks\nsparked a fire, fires\n");
  expect(run(project, "npm", "init", "-y")).toMatchObject({ code: 0 });
  const others = [...Object.keys(dependencies), "stemmer"].map(name => join(root, "node_modules", name));
  const apart = ["--offline", "--install-links", "--ignore-scripts", "--omit=optional"];
  expect(run(project, "npm", "install", ...apart, `../${packed}`, ...others)).toMatchObject({ code: 0 });
}, packMaxMs);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As from a user's shell, without what npm and other tests set. */
function run(cwd: string, ...command: string[]) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|FIRESTEEL_)/i.test(name)));
  const child = Bun.spawnSync(command, { cwd, env: { ...env, NO_COLOR: "1" }, timeout: packMaxMs });
  return { code: child.exitCode, out: child.stdout.toString(), err: child.stderr.toString() };
}

describe("the command", () => {
  test(
    "runs a job with a helper module and an npm package",
    () => {
      const ended = run(project, "npx", "firesteel", "run", "--quiet", "job.ts", "words.txt", "2");
      expect(ended).toMatchObject({ code: 0, out: "fire 2\nspark 3\n" });
    },
    runMaxMs,
  );

  test(
    "runs a script",
    () => {
      const ended = run(project, "npx", "firesteel", "run", "--quiet", "script.ts");
      expect(ended).toMatchObject({ code: 0, out: "[ 0n, 1n, 2n, 3n ]\n" });
    },
    runMaxMs,
  );
});

describe("the preload", () => {
  test(
    "lets bun run a script",
    () => {
      const ended = run(project, process.execPath, "--preload", "firesteel/register", "script.ts");
      expect(ended).toEqual({ code: 0, out: "[ 0n, 1n, 2n, 3n ]\n", err: "" });
    },
    runMaxMs,
  );

  test(
    "names the user's line when a task fails",
    () => {
      const { code, out } = run(project, process.execPath, "--preload", "firesteel/register", "script.ts", "0");
      expect(code).toBe(1);
      expect(out).toStartWith("user task ");
      expect(out).toContain("the function given to map at script.ts:7:34 threw RangeError");
    },
    runMaxMs,
  );

  test(
    "is what a script without it is told of",
    () => {
      const { code, out } = run(project, process.execPath, "script.ts");
      expect(code).toBe(1);
      expect(out).toBe("user map at script.ts:7:34 got a function from a file that Firesteel did not load\n");
    },
    runMaxMs,
  );

  test(
    "lets bun run tests",
    () => {
      const { code, err } = run(project, process.execPath, "test", "--timeout", String(runMaxMs));
      expect(err).toContain("\n 2 pass\n 0 fail\n");
      expect(code).toBe(0);
    },
    runMaxMs,
  );
});

describe("the declarations compile strictly, themselves included,", () => {
  test.each([
    ["by default", {}],
    ["as a bundler reads them", { module: "preserve", lib: ["esnext", "dom"], exactOptionalPropertyTypes: true }],
    ["as Node reads them", { module: "nodenext", target: "es2022", lib: ["es2022", "dom"] }],
    [
      "for an old language",
      { module: "esnext", moduleResolution: "bundler", target: "es2018", lib: ["es2018", "dom"] },
    ],
  ])(
    "%s",
    (_, options) => {
      const compilerOptions = {
        strict: true,
        noEmit: true,
        skipLibCheck: false,
        noUncheckedIndexedAccess: true,
        types: [],
        ...options,
      };
      writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["inference.ts"] }));
      const ended = run(project, "node", join(root, "node_modules/typescript/bin/tsc"), "-p", ".");
      expect(ended).toEqual({ code: 0, out: "", err: "" });
    },
    runMaxMs,
  );
});
