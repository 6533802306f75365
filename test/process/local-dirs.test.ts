/**
 * What real processes write to local dirs: encrypted, nothing of it can be read; after kill -9 of a driver or an executor it is
 * removed by who comes next; a dir that cannot be used is passed over. Contexts that stop leave nothing.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { prepare, program, run, testTimeoutMs } from "./harness.ts";

setDefaultTimeout(4 * testTimeoutMs);

const job = "spills-and-waits.ts";
const answer = "60000\n60000\n";
const turn = () => new Promise(resolve => setTimeout(resolve, 5));

interface Waiting {
  readonly child: ChildProcess;
  readonly folder: string;
  /** Below the folder of local dirs. */
  files(): string[];
  goOn(): Promise<{ readonly code: number | null; readonly out: string }>;
  remove(): void;
}

/** The job, started, and waiting in both of its last tasks with their spills, map outputs and cached blocks on disk. */
async function startWaiting(master: string, conf: Readonly<Record<string, string>> = {}): Promise<Waiting> {
  const all = { "firesteel.executor.memory": "16m", "firesteel.local.dirs": "dirs", ...conf };
  const given = Object.entries(all).filter(([key]) => !(master.includes("cluster") && key.endsWith("executor.memory")));
  const { folder, argv, environment } = prepare({
    ...{ job, master, conf: Object.fromEntries(given), options: ["--quiet"] },
  });
  // executors work in folders of their own
  const child = spawn(program[0]!, [...program.slice(1), ...argv, join(folder, "waits")], {
    ...{ cwd: folder, env: environment, stdio: ["ignore", "pipe", "pipe"] },
  });
  let [out, err] = ["", ""];
  child.stdout!.on("data", (bytes: Buffer) => (out += bytes.toString()));
  child.stderr!.on("data", (bytes: Buffer) => (err += bytes.toString()));
  const ended = once(child, "close") as Promise<[number | null]>;
  while (![0, 1].every(partition => existsSync(join(folder, `waits.${partition}`)))) {
    if (child.exitCode !== null) throw new Error(`it ended early\n${out}\n${err}`);
    await turn();
  }
  return {
    child,
    folder,
    files: () => filesBelow(join(folder, "dirs")),
    async goOn() {
      writeFileSync(join(folder, "waits.go"), "");
      const [code] = await ended;
      return { code, out };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function filesBelow(path: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name !== "host")
    .map(entry => join(entry.parentPath, entry.name));
}

/** Of spills, map outputs and cached blocks, what is there. */
function kinds(files: readonly string[]): string[] {
  return ["task-", "exchange-", "rdd-"].filter(kind => files.some(file => file.includes(`/${kind}`)));
}

const isReadable = (file: string) => readFileSync(file, "latin1").includes("attack");

for (const isEncrypted of [false, true]) {
  test(`spills, map outputs and cached blocks can${isEncrypted ? "not" : ""} be read${isEncrypted ? " when encrypted" : ""}`, async () => {
    const waiting = await startWaiting("local[2]", { "firesteel.io.encryption": String(isEncrypted) });
    try {
      expect(kinds(waiting.files())).toEqual(["task-", "exchange-", "rdd-"]);
      expect(kinds(waiting.files().filter(isReadable))).toEqual(isEncrypted ? [] : ["task-", "exchange-", "rdd-"]);
      expect(await waiting.goOn()).toEqual({ code: 0, out: answer });
      expect(filesBelow(join(waiting.folder, "dirs"))).toEqual([]);
    } finally {
      waiting.remove();
    }
  });
}

test("executors read each other's encrypted files", async () => {
  const waiting = await startWaiting("local-cluster[2,1,32]", { "firesteel.io.encryption": "true" });
  try {
    expect(kinds(waiting.files())).toContain("rdd-");
    expect(waiting.files().filter(isReadable)).toEqual([]);
    expect(await waiting.goOn()).toEqual({ code: 0, out: answer });
  } finally {
    waiting.remove();
  }
});

test("what a killed driver left is removed by the next one", async () => {
  const waiting = await startWaiting("local[2]");
  try {
    waiting.child.kill("SIGKILL");
    await once(waiting.child, "close");
    expect(kinds(waiting.files())).toEqual(["task-", "exchange-", "rdd-"]);
    const next = await startWaiting("local[2]", { "firesteel.local.dirs": join(waiting.folder, "dirs") });
    try {
      const left = `/firesteel-${waiting.child.pid}-`;
      while (waiting.files().some(file => file.includes(left))) await turn();
      expect(await next.goOn()).toEqual({ code: 0, out: answer });
      expect(readdirSync(join(waiting.folder, "dirs"))).toEqual([]);
    } finally {
      next.remove();
    }
  } finally {
    waiting.remove();
  }
});

test("a short job removes such leftovers too", async () => {
  const { pid } = spawnSync("true");
  const setUp = (folder: string) => {
    const left = join(folder, "dirs", `firesteel-${pid}-0123456789ab`);
    mkdirSync(join(left, "exchange-1"), { recursive: true });
    writeFileSync(join(left, "host"), hostname());
    writeFileSync(join(left, "exchange-1", "1.spill"), "rows");
  };
  const conf = { "firesteel.local.dirs": "dirs" };
  let left: string[] | undefined;
  const look = (folder: string) => void (left = readdirSync(join(folder, "dirs")));
  const { code } = await run({ job: "returns-count.ts", conf, setUp, look, options: ["--quiet"] });
  expect([code, left]).toEqual([0, []]);
});

test("what a killed driver of a local cluster left is removed by the next one", async () => {
  const waiting = await startWaiting("local-cluster[2,1,32]");
  try {
    const own = join(
      waiting.folder,
      "dirs",
      readdirSync(join(waiting.folder, "dirs")).find(name => name.includes(`-${waiting.child.pid}-`))!,
    );
    expect(readdirSync(own).toSorted()).toEqual(["cluster", "host"]);
    waiting.child.kill("SIGKILL");
    await once(waiting.child, "close");
    const next = await startWaiting("local[2]", { "firesteel.local.dirs": join(waiting.folder, "dirs") });
    try {
      while (existsSync(own)) await turn();
      expect(await next.goOn()).toEqual({ code: 0, out: answer });
    } finally {
      next.remove();
    }
  } finally {
    waiting.remove();
  }
});

test("what a killed executor left is removed while its application goes on", async () => {
  const waiting = await startWaiting("local-cluster[2,1,32]");
  try {
    const [file] = waiting.files().filter(each => each.includes("/rdd-"));
    const pid = [...file!.matchAll(/\/firesteel-(\d+)-/g)].at(-1)![1];
    expect(Number(pid)).not.toBe(waiting.child.pid);
    process.kill(Number(pid), "SIGKILL");
    while (waiting.files().some(each => each.includes(`/firesteel-${pid}-`))) await turn();
    expect(await waiting.goOn()).toEqual({ code: 0, out: answer });
  } finally {
    waiting.remove();
  }
});

test("a local dir that cannot be written to is passed over", async () => {
  const setUp = (folder: string) => {
    mkdirSync(join(folder, "good"));
    writeFileSync(join(folder, "bad"), "a file in a folder's place");
  };
  const conf = { "firesteel.executor.memory": "16m", "firesteel.local.dirs": "bad,good" };
  const { code, out, err } = await run({ job, conf, setUp, options: ["--quiet"] });
  expect({ code, out, err }).toEqual({ code: 0, out: answer, err: "" });
});

test("when all local dirs fail, each says why", async () => {
  const setUp = (folder: string) => {
    for (const name of ["one", "two"]) writeFileSync(join(folder, name), "");
  };
  const conf = { "firesteel.executor.memory": "16m", "firesteel.local.dirs": "one,two" };
  const { code, err } = await run({ job: "spills.ts", conf, setUp, options: ["--quiet"] });
  expect(code).toBe(1);
  const first = err.split("\n")[0]!.replace(/(one|two): a part of the path is a file/g, "$1: why");
  expect(first.replace("two: why; <folder>/one: why", "one: why; <folder>/two: why")).toMatch(
    /repartition.* failed: spilling map outputs of repartition failed in every one of the local dirs: (<folder>\/)?one: why; (<folder>\/)?two: why/,
  );
});

/** A Context has three threads or more, so what it leaves behind is more threads than there were turns. */
for (const [master, turns] of [
  ["local[2]", 6],
  ["local-cluster[1,1,512m]", 4],
] as const) {
  test(`Contexts of ${master}, one after another, leave no threads and no files`, async () => {
    const { code, out } = await run({
      job: "contexts-in-turn.ts",
      setUp: folder => void mkdirSync(join(folder, "dirs")),
      leaves: ["dirs"],
      args: [master, "dirs", String(turns)],
      options: ["--quiet"],
    });
    expect(code).toBe(0);
    const seen = JSON.parse(out) as { during: number; left: string[]; threads: number }[];
    expect(seen.filter(each => each.during < 1 || each.left.length > 0)).toEqual([]);
    expect(seen).toHaveLength(turns);
    // the runtime starts threads of its own in the first turns
    expect(seen.at(-1)!.threads - seen[1]!.threads).toBeLessThan(turns - 2);
  });
}
