/** What the system refuses is told in words, with what helps; what has none keeps the system's. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { readHint, systemReason, writeHint } from "../../src/base/system-errors.ts";

const coded = (code: string) => Object.assign(new Error(`${code}: raw words, open '/x'`), { code });

test("known codes have words, without code, call and path", () => {
  const codes = [
    "EACCES",
    "EROFS",
    "ENOENT",
    "ENOTDIR",
    "EISDIR",
    "ENAMETOOLONG",
    "ENOSPC",
    "EDQUOT",
    "EMFILE",
    "ELOOP",
  ];
  for (const code of codes) expect(systemReason(coded(code))).not.toMatch(/raw words|open '/);
  expect(systemReason(coded("EROFS"))).toBe("its file system is read-only");
  expect(systemReason(coded("EODD"))).toBe("EODD: raw words, open '/x'");
  expect([systemReason(new Error("own words")), systemReason("text"), systemReason(undefined)]).toEqual([
    "own words",
    "text",
    "undefined",
  ]);
});

test("what the runtime throws is known", () => {
  const reason = (path: string) => {
    try {
      return readFileSync(path, "utf8");
    } catch (thrown) {
      return systemReason(thrown);
    }
  };
  expect(reason("/nowhere/at/all")).toBe("there is no such file or folder");
  expect(reason(import.meta.dirname)).toBe("it is a folder");
  expect(reason(`${import.meta.path}/below`)).toBe("a part of the path is a file");
  expect(reason("x".repeat(300))).toBe("the name is too long");
  expect(reason("a\0b")).toBe("a path cannot have a null character");
});

test("hints differ for who reads and who writes", () => {
  expect(readHint(coded("EACCES"))).toContain("to read it");
  expect(writeHint(coded("EACCES"))).toContain("to write there");
  expect(writeHint(coded("ENOSPC"))).toBe("free some space, or write elsewhere");
  expect([readHint(coded("EODD")), readHint(undefined)]).toEqual([undefined, undefined]);
  expect(writeHint(undefined)).toBe("write to another path");
});
