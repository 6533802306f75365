/** Where the cluster's secret comes from, and what is refused. */
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../../src/base/usage-error.ts";
import { chooseBinding } from "../../src/deploy/bind.ts";
import { greeting, secretOfGreeting } from "../../src/deploy/greeting.ts";
import { holdSecret, readSecretFile, takeSecret } from "../../src/deploy/secret.ts";

const folder = mkdtempSync(join(tmpdir(), "firesteel-secret-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function refusal(run: () => unknown): [string, string | undefined] {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return [(error as UsageError).message.replaceAll(folder, "<folder>"), (error as UsageError).hint];
  }
  throw new Error("nothing was refused");
}

describe("a secret file", () => {
  test("is one line, its end not part of it", () => {
    expect(readSecretFile(file("a", "s3cret\n"))).toBe("s3cret");
    expect(readSecretFile(file("b", "s3cret\r\n"))).toBe("s3cret");
    expect(readSecretFile(file("c", " s3cret", 0o400))).toBe(" s3cret");
  });

  test.each([0o640, 0o604, 0o660, 0o620, 0o601])("of mode %o is refused", mode => {
    const path = file("open", "s3cret\n", mode);
    const [message, hint] = refusal(() => readSecretFile(path));
    expect(message).toBe(`the secret file <folder>/open is open to other users (mode ${mode.toString(8)})`);
    expect(hint).toStartWith(`make it yours alone: chmod 600 ${path}`);
  });

  test.each([
    ["empty", "\n", "<folder>/empty holds no secret"],
    ["two", "a\nb\n", "<folder>/two holds more than one line"],
    ["long", "x".repeat(5000), "<folder>/long holds more than 4096 bytes"],
  ])("that is %s is refused", (name, text, message) => {
    const [said] = refusal(() => readSecretFile(file(name, text)));
    expect(said).toBe(message);
  });

  test("must be there and be a file", () => {
    expect(refusal(() => readSecretFile(join(folder, "nowhere")))[0]).toBe(
      "the secret file <folder>/nowhere does not exist",
    );
    expect(refusal(() => readSecretFile(folder))[0]).toBe("the secret file <folder> is not a file");
  });
});

test("a secret is taken out of the environment; a parent's wins over it, a file over both", () => {
  process.env.FIRESTEEL_SECRET = "of the environment";
  expect(takeSecret()).toBe("of the environment");
  expect(process.env.FIRESTEEL_SECRET).toBeUndefined();
  expect(takeSecret()).toBe("of the environment");
  holdSecret(secretOfGreeting(greeting("of the parent")));
  process.env.FIRESTEEL_SECRET = "of the environment";
  expect(takeSecret()).toBe("of the parent");
  expect(takeSecret(file("chosen", "of the file"))).toBe("of the file");
});

test("a greeting that holds none", () => {
  expect(secretOfGreeting(greeting(undefined))).toBeUndefined();
  expect(() => secretOfGreeting("{")).toThrow("did not say what it should");
  expect(() => secretOfGreeting('{"secret":1}')).toThrow("did not say what it should");
});

describe("where a server listens", () => {
  test("without a secret: on this machine alone", () => {
    expect(chooseBinding("master", undefined, undefined)).toEqual({ host: "127.0.0.1", advertised: "127.0.0.1" });
    for (const host of ["localhost", "127.0.0.1", "127.1.2.3", "::1"])
      expect(chooseBinding("master", host, undefined).host).toBe(host);
    expect(chooseBinding("master", "[::1]", undefined).host).toBe("::1");
    for (const host of ["0.0.0.0", "::", "10.0.0.7", "node-3", "127.0.0.1.evil.example", "localhost.example"]) {
      const [message, hint] = refusal(() => chooseBinding("worker", host, undefined));
      expect(message).toBe(`the worker may not listen on ${host}: there is no secret, so anyone could run code on it`);
      expect(hint).toContain("--secret-file");
    }
  });

  test("with one: where it is told", () => {
    expect(chooseBinding("master", "10.0.0.7", "s")).toEqual({ host: "10.0.0.7", advertised: "10.0.0.7" });
    const everywhere = chooseBinding("master", "0.0.0.0", "s");
    expect(everywhere.host).toBe("0.0.0.0");
    expect(everywhere.advertised).toBe(chooseBinding("master", undefined, "s").host);
    expect(everywhere.advertised).not.toBe("0.0.0.0");
    expect(refusal(() => chooseBinding("master", " ", "s"))[0]).toBe("--host is empty");
  });
});
