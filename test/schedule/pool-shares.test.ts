import { expect, test } from "bun:test";
import type { FiresteelError } from "../../src/base/errors.ts";
import { parsePoolShares } from "../../src/schedule/pool-shares.ts";

function refusal(text: string): string {
  try {
    parsePoolShares(text, "pools.json");
  } catch (error) {
    const { message, hint } = error as FiresteelError;
    return `${message} (${hint})`;
  }
  return "taken";
}

test("JSON: what is left out has Spark's defaults", () => {
  const pools = parsePoolShares('{"a":{"weight":2,"minShare":3,"mode":"FAIR"},"b":{}}', "x");
  expect([...pools]).toEqual([
    ["a", { weight: 2, minShare: 3, mode: "fair" }],
    ["b", { weight: 1, minShare: 0, mode: "fifo" }],
  ]);
});

test("Spark's XML", () => {
  const pools = parsePoolShares(
    `<?xml version="1.0"?>
<!-- <pool name="none"/> -->
<allocations>
  <pool name="production">
    <schedulingMode>FAIR</schedulingMode>
    <weight>1</weight>
    <minShare>2</minShare>
  </pool>
  <pool name='a &amp; b'><weight>3</weight></pool>
  <pool name="plain"/>
</allocations>
`,
    "fairscheduler.xml",
  );
  expect([...pools]).toEqual([
    ["production", { weight: 1, minShare: 2, mode: "fair" }],
    ["a & b", { weight: 3, minShare: 0, mode: "fifo" }],
    ["plain", { weight: 1, minShare: 0, mode: "fifo" }],
  ]);
});

const form = 'write {"name": {"weight": 2, "minShare": 1, "mode": "FAIR"}}; each of the three may be left out';

test.each([
  ["[1]", `pools.json is not an object of pools (${form})`],
  ['{"a":3}', `pool "a" in pools.json is not an object (${form})`],
  ['{"a":{"wieght":2}}', 'pool "a" in pools.json has no "wieght" (did you mean weight?)'],
  ['{"a":{"weight":0}}', `pool "a" in pools.json has the weight 0, which is not a number above 0 (${form})`],
  [
    '{"a":{"minShare":1.5}}',
    `pool "a" in pools.json has the minShare 1.5, which is not a whole number of cores (${form})`,
  ],
  ['{"a":{"mode":"fair"}}', `pool "a" in pools.json has the mode "fair", which is not FIFO or FAIR (${form})`],
  [
    "<pools></pools>",
    'pools.json is not a description of pools: its root is not <allocations> (write <allocations><pool name="a"><weight>2</weight></pool></allocations>, or JSON)',
  ],
  [
    '<allocations><pool name="a"><weight>two</weight></pool></allocations>',
    `pool "a" in pools.json has the weight null, which is not a number above 0 (${form})`,
  ],
  [
    '<allocations><pool name="a"><weight>2</pool></allocations>',
    'pools.json is not a description of pools: pool "a" has "<weight>2" (write <allocations><pool name="a"><weight>2</weight></pool></allocations>, or JSON)',
  ],
])("refused: %s", (text, said) => {
  expect(refusal(text)).toBe(said);
});

test("what is not JSON says why", () => {
  expect(refusal("{")).toStartWith("pools.json is not JSON: ");
});
