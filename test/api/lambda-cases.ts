/**
 * Cases of lambdas over columns, as suites/native-lambdas.ts has them: declares a test of each, with generated code and without.
 * Both give what the plain function gives, and those that say so are handled by generated code to the last row, or not at all.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Context } from "../../src/api/context.ts";
import type { EngineEvent } from "../../src/base/events.ts";
import { difference } from "../data/same.ts";
import { loadSuite, startContext, stopContext } from "./suite.ts";
import type suite from "./suites/native-lambdas.ts";

export async function declareLambdaCases(name: string): Promise<void> {
  const { cases, runCase } = await loadSuite<typeof suite>(name);
  for (const codegen of [true, false]) {
    describe(`firesteel.codegen=${codegen}`, () => {
      const events: EngineEvent[] = [];
      let ctx: Context;
      beforeAll(async () => {
        const conf = { "firesteel.codegen": codegen };
        ctx = await startContext(name, { conf }, { onEvent: each => events.push(each) });
      });
      afterAll(() => stopContext(ctx));
      for (const [title, each] of Object.entries(cases)) {
        test(title, async () => {
          events.length = 0;
          const [actual, expected] = await runCase(ctx, each);
          expect(difference(actual, expected)).toBeUndefined();
          const isNative = jsRowsOfLastStage(events) === 0;
          if (codegen && each.native !== undefined) expect([title, isNative]).toEqual([title, each.native]);
        });
      }
    });
  }
}

/** Of the last job; that before it fills the cache. */
function jsRowsOfLastStage(events: readonly EngineEvent[]): number {
  let stage = -1;
  for (const event of events) if (event.type === "stageSubmitted") stage = event.stage;
  const ended = events.filter(event => event.type === "taskEnded").filter(event => event.stage === stage);
  return ended.reduce((sum, { metrics }) => sum + (metrics?.jsRows ?? 0), 0);
}
