/** Output in files of bounded size and number, and its end read back. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../src/base/random.ts";
import { readLogTail, RollingLog } from "../../src/deploy/rolling-log.ts";

const folder = mkdtempSync(join(tmpdir(), "firesteel-log-"));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;
function fresh(): string {
  return join(mkdtempSync(join(folder, `${count++}-`)), "stdout");
}
const bytes = (text: string) => new TextEncoder().encode(text);

describe("a rolling log", () => {
  test("keeps the newest files, named by where they begin", () => {
    const path = fresh();
    const log = new RollingLog(path, { fileBytesMax: 10, filesMax: 3 });
    for (let i = 0; i < 10; i++) log.write(bytes(`line${i}\n`));
    log.close();
    expect(readdirSync(join(path, "..")).sort()).toEqual(["stdout", "stdout-30", "stdout-40"]);
    expect(readLogTail(path, 12)).toEqual({ text: "line8\nline9\n", totalBytes: 60 });
  });

  test("goes on where an earlier process stopped", () => {
    const path = fresh();
    for (const text of ["first life\n", "second life\n"]) {
      const log = new RollingLog(path, { fileBytesMax: 8, filesMax: 10 });
      log.write(bytes(text));
      log.close();
    }
    expect(readLogTail(path, 1000)).toEqual({ text: "first life\nsecond life\n", totalBytes: 23 });
  });

  test("holds its bounds and its tail for any writes", () => {
    const seed = Date.now() & 0xffff;
    const random = new Random(seed);
    for (let round = 0; round < 50; round++) {
      const path = fresh();
      const [fileBytesMax, filesMax] = [1 + random.below(40), 2 + random.below(3)];
      const log = new RollingLog(path, { fileBytesMax, filesMax });
      let all = "";
      for (let i = 0; i < 20; i++) {
        const text = "abcdefghij".repeat(10).slice(0, random.below(90));
        log.write(bytes(text));
        all += text;
      }
      log.close();
      const files = readdirSync(join(path, ".."));
      const sizes = files.map(name => statSync(join(path, "..", name)).size);
      expect([seed, files.length <= filesMax, Math.max(...sizes) <= fileBytesMax]).toEqual([seed, true, true]);
      const kept = sizes.reduce((a, b) => a + b, 0);
      const wanted = 1 + random.below(100);
      const tail = readLogTail(path, wanted);
      expect([seed, tail]).toEqual([
        seed,
        { text: all.slice(all.length - Math.min(kept, wanted)), totalBytes: all.length },
      ]);
    }
  });

  test("loses what the disk does not take, and says how much", () => {
    const path = fresh();
    const log = new RollingLog(path, { fileBytesMax: 10, filesMax: 2 });
    log.close();
    log.write(bytes("nowhere"));
    expect(log.lostBytes).toBe(7);
  });
});

describe("a tail", () => {
  test("begins with a whole character", () => {
    const path = fresh();
    writeFileSync(path, "aä€😀");
    for (const [wanted, text] of [
      [4, "😀"],
      [5, "😀"],
      [6, "😀"],
      [7, "€😀"],
      [10, "aä€😀"],
    ] as const)
      expect(readLogTail(path, wanted).text).toBe(text);
  });

  test("of no log is empty", () => {
    expect(readLogTail(fresh(), 100)).toEqual({ text: "", totalBytes: 0 });
  });

  test("does not follow links that a process put in its folder", () => {
    const path = fresh();
    writeFileSync(`${path}.secret`, "password");
    symlinkSync(`${path}.secret`, path);
    expect(readLogTail(path, 100)).toEqual({ text: "", totalBytes: 0 });
    expect(() => new RollingLog(path, { fileBytesMax: 10, filesMax: 2 })).toThrow();
  });
});
