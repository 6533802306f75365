import { describe, expect, test } from "bun:test";
import {
  formatMasterUrl,
  masterUrlForms,
  parseClusterUrl,
  parseHostPort,
  parseMasterUrl,
  type MasterUrl,
} from "../../src/base/master-url.ts";
import { UsageError } from "../../src/base/usage-error.ts";

function refusal(parse: () => unknown): [message: string, hint: string | undefined] {
  try {
    parse();
  } catch (error) {
    if (error instanceof UsageError) return [error.message, error.hint];
  }
  throw new Error("not refused");
}

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

  const local =
    "write local, local[K] for K threads, local[*] for one per core, or local[K,F]: a task may fail F − 1 times";
  const localCluster = "write local-cluster[W,C,M]: W workers with C cores and M MB each (or M with a unit, as 1g)";
  const cluster = "write firesteel://host:port[,host:port…], with ports from 1 to 65535";
  const others = "start a cluster with `firesteel master` and `firesteel worker`, and write firesteel://host:port";
  const all = `write one of ${masterUrlForms.join(", ")}`;

  test.each([
    ["", all],
    ["here", all],
    ["ftp://a:7077", all],
    ["locl", local],
    ["LOCAL[2]", local],
    ["local 2", local],
    ["local[]", local],
    ["local[-1]", local],
    ["local[2", local],
    ["local[2,]", local],
    ["local-cluster", localCluster],
    ["local-cluster[2,1]", localCluster],
    ["local-cluster[2,1,1x]", localCluster],
    ["local-cluster[2,1,]", localCluster],
    ["firesteel://", cluster],
    ["firesteel://a:0", cluster],
    ["firesteel://a:99999", cluster],
    ["firesteel://a b", cluster],
    ["firesteel:a", cluster],
    ["firesteel://a:7077/", "did you mean firesteel://a:7077?"],
    ["127.0.0.1:7077", "did you mean firesteel://127.0.0.1:7077?"],
    ["a:1,b:2", "did you mean firesteel://a:1,b:2?"],
    ["spark://a:7077,b", "did you mean firesteel://a:7077,b:7077?"],
    ["http://a:8080/", "did you mean firesteel://a:7077?"],
    ["yarn", others],
    ["k8s://https://a:443", others],
    ["mesos://a:5050", others],
  ])("refuses %p and says what to write", (text, hint) => {
    expect(refusal(() => parseMasterUrl(text))).toEqual([`"${text}" is not a master URL`, hint]);
  });

  test.each([
    ["127.0.0.1:7077", "did you mean firesteel://127.0.0.1:7077?"],
    ["spark://a", "did you mean firesteel://a:7077?"],
    ["firesteel://a:99999", cluster],
    ["local[2]", "write firesteel://host:port"],
    ["yarn", "write firesteel://host:port"],
  ])("%p is no cluster's master", (text, hint) => {
    expect(refusal(() => parseClusterUrl(text))).toEqual([`"${text}" is no cluster's master`, hint]);
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
