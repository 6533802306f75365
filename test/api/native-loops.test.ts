/** Lambdas with loops have generated code, in which no call takes long, and give the answers of JavaScript. */
import { afterAll, expect, test } from "bun:test";
import type { EngineEvent } from "../../src/base/events.ts";
import { difference } from "../data/same.ts";
import { loadSuite, startContext, stopContext } from "./suite.ts";
import type suite from "./suites/native-loops.ts";

const { cases, runCase } = await loadSuite<typeof suite>("native-loops");
const events: EngineEvent[] = [];
const ctx = await startContext("native-loops", {}, { onEvent: event => events.push(event) });
afterAll(() => stopContext(ctx));

for (const [name, each] of Object.entries(cases)) {
  test(name, async () => {
    events.length = 0;
    const [actual, expected] = await runCase(ctx, each);
    expect(difference(actual, expected)).toBeUndefined();
    // the last job; that before it fills the cache
    let stage = -1;
    for (const event of events) if (event.type === "stageSubmitted") stage = event.stage;
    const ended = events.filter(event => event.type === "taskEnded").filter(event => event.stage === stage);
    const jsRows = ended.reduce((sum, { metrics }) => sum + (metrics?.jsRows ?? 0), 0);
    if (each.native !== undefined) expect([name, jsRows === 0]).toEqual([name, each.native]);
  });
}
