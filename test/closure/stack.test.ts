/** What the runtime says of a failed call quotes the bundle; users are told without its tags. */
import { expect, test } from "bun:test";
import { plainMessage } from "../../src/closure/stack.ts";

const tagged = 'ctx.range(10).map($fst((x) => x + 1, "/job.ts:68", null))';

test.each([
  [`${tagged}.colect is not a function.`, "colect is not a function."],
  [
    `${tagged}.filter($fst((x) => $fsk(x.a.b()), "/job.ts:93", () => [a])).keys.$ä9 is not a function`,
    "$ä9 is not a function",
  ],
  [
    `${tagged}["colect"] is not a function. (In '${tagged}["colect"](1)', 'it' is undefined)`,
    "colect is not a function.",
  ],
  [`${tagged}() is not a function.`, "what was called is not a function."],
  [
    `ctx.colect is not a function. (In 'ctx.colect($fst2(f, "/job.ts:1", null))', 'ctx.colect' is undefined)`,
    "ctx.colect is not a function.",
  ],
  [`undefined is not an object (evaluating '${tagged}.foo.bar')`, "undefined is not an object"],
  [
    "ctx.colect is not a function. (In 'ctx.colect()', 'ctx.colect' is undefined)",
    "ctx.colect is not a function. (In 'ctx.colect()', 'ctx.colect' is undefined)",
  ],
  ["null is not an object (evaluating 'row.name')", "null is not an object (evaluating 'row.name')"],
])("%s", (message, plain) => expect(plainMessage(message)).toBe(plain));
