import { expect, test } from "bun:test";
import { AskedThread } from "../../src/platform/asked-thread.ts";
import type { Lookup, LookupAnswer } from "../../src/sources/file-lookup.ts";
import { testSettings } from "../sources/http-server.ts";

const question: Lookup = { kind: "find", item: "http://127.0.0.1:9/a", settings: testSettings() };

test("a thread is asked and answers, question by question", () => {
  const thread = new AskedThread<Lookup, LookupAnswer>("files");
  try {
    for (let i = 0; i < 3; i++) {
      const item = `s3://box-${i}`;
      const said = thread.ask({ ...question, item });
      expect(said?.answer).toMatchObject({
        kind: "error",
        error: { message: `cannot list s3://box-${i}/: there is no access key` },
      });
    }
  } finally {
    thread.end();
  }
});

test("a thread that is gone is waited for no longer than its silence may last", () => {
  const thread = new AskedThread<Lookup, LookupAnswer>("files", 1500);
  // one that is still being loaded is silent too
  let said = thread.ask(question);
  for (; said === undefined; said = thread.ask(question));
  expect(said.answer.kind).toBe("error");
  thread.end();
  const startedMs = performance.now();
  expect(thread.ask(question)).toBeUndefined();
  expect(performance.now() - startedMs).toBeWithin(1400, 30_000);
});
