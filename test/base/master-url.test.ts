import { describe, expect, test } from "bun:test";
import {
  formatMasterUrl,
  masterUrlForms,
  parseHostPort,
  parseMasterUrl,
  type MasterUrl,
} from "../../src/base/master-url.ts";
import { UsageError } from "../../src/base/usage-error.ts";

describe("parseMasterUrl", () => {
  test.each<[string, MasterUrl]>([
    ["local", { kind: "local", threads: 1, taskFailuresMax: 1 }],
    ["local[3]", { kind: "local", threads: 3, taskFailuresMax: 1 }],
    ["local[3,5]", { kind: "local", threads: 3, taskFailuresMax: 5 }],
    ["local[*]", { kind: "local", threads: undefined, taskFailuresMax: 1 }],
    ["local[ * , 2 ]", { kind: "local", threads: undefined, taskFailuresMax: 2 }],
    ["local-cluster[2,1,1024]", { kind: "localCluster", workers: 2, cores: 1, memoryMb: 1024 }],
    ["local-cluster[2,1,1g]", { kind: "localCluster", workers: 2, cores: 1, memoryMb: 1024 }],
    ["local-cluster[ 2 , 1 , 1.5 GB ]", { kind: "localCluster", workers: 2, cores: 1, memoryMb: 1536 }],
    ["local-cluster[2,1,512m]", { kind: "localCluster", workers: 2, cores: 1, memoryMb: 512 }],
    ["firesteel://a", { kind: "cluster", masters: [{ host: "a", port: 7077 }] }],
    [
      "firesteel://a.b:7000,[::1]:7001",
      {
        kind: "cluster",
        masters: [
          { host: "a.b", port: 7000 },
          { host: "::1", port: 7001 },
        ],
      },
    ],
  ])("%s", (text, parsed) => {
    expect(parseMasterUrl(text)).toEqual(parsed);
  });

  test.each([
    "",
    "locl",
    "local[]",
    "local[-1]",
    "local[2",
    "local[2,]",
    "local-cluster[2,1]",
    "local-cluster[2,1,1x]",
    "local-cluster[2,1,]",
    "firesteel://",
    "firesteel://a:0",
    "firesteel://a:99999",
    "spark://a:7077",
    "firesteel://a b",
  ])("refuses %p and lists the forms", text => {
    expect(() => parseMasterUrl(text)).toThrow(UsageError);
    try {
      parseMasterUrl(text);
    } catch (error) {
      expect((error as UsageError).message).toBe(`"${text}" is not a master URL`);
      for (const form of masterUrlForms) expect((error as UsageError).hint).toContain(form);
    }
  });

  test.each([
    ["local[0]", "asks for 0 threads"],
    ["local[99999]", "asks for 99999 threads"],
    ["local[2,0]", "allows no attempt of a task"],
    ["local-cluster[0,1,1024]", "has a zero in it"],
    ["local-cluster[2,1,1k]", "has a zero in it"],
    ["local-cluster[300,1,1g]", "asks for too much"],
  ])("refuses %s", (text, message) => {
    expect(() => parseMasterUrl(text)).toThrow(message);
  });
});

test("addresses are read as they are written", () => {
  for (const text of ["firesteel://a:7077", "firesteel://10.0.0.7:1,[::1]:65535"]) {
    const url = parseMasterUrl(text);
    expect(url.kind === "cluster" && formatMasterUrl(url.masters)).toBe(text);
  }
  expect(parseHostPort("a:1")).toEqual({ host: "a", port: 1 });
  for (const text of ["a", "a:", ":1", "a:0", "a:65536", "a:1:2", "::1:1", "a b:1", "a:1x", "http://a:1"])
    expect(parseHostPort(text)).toBeUndefined();
});
