/**
 * TeraSort's three steps: generate records of 100 bytes with random keys, sort them, and check that the result is sorted and
 * complete (O'Malley 2008).
 *
 *   firesteel run examples/tera-sort.ts generate RECORDS OUTPUT [PARTITIONS]
 *   firesteel run examples/tera-sort.ts sort INPUT OUTPUT
 *   firesteel run examples/tera-sort.ts validate INPUT
 */
import type { Context } from "firesteel";

const keyLength = 10;
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const [step, ...rest] = args;
  if (step === "generate" && rest.length >= 2) await generate(ctx, Number(rest[0]), rest[1]!, Number(rest[2] ?? ctx.defaultParallelism));
  else if (step === "sort" && rest.length === 2) await sort(ctx, rest[0]!, rest[1]!);
  else if (step === "validate" && rest.length === 1) await validate(ctx, rest[0]!);
  else throw new Error("usage: tera-sort.ts generate RECORDS OUTPUT [PARTITIONS] | sort INPUT OUTPUT | validate INPUT");
}

async function generate(ctx: Context, records: number, output: string, partitions: number): Promise<void> {
  await ctx.range(0, records, 1, partitions).map(record).saveAsTextFile(output);
  console.log(`generated ${records} records`);
}

/** Record i: a key that depends on i alone, the number, and filler up to 99 characters and the line's end. */
function record(i: number): string {
  let state = (i + 1) | 0;
  let key = "";
  for (let at = 0; at < keyLength; at++) {
    state = Math.imul(state ^ (state >>> 16), 0x45d9f3b) + at;
    key += letters[(state >>> 13) & 31];
  }
  return `${key} ${String(i).padStart(20, "0")} `.padEnd(99, String.fromCharCode(65 + (i % 26)));
}

async function sort(ctx: Context, input: string, output: string): Promise<void> {
  await ctx
    .textFile(input)
    .map(line => [line.slice(0, keyLength), line.slice(keyLength)])
    .sortByKey()
    .map(([key, rest]) => key + rest)
    .saveAsTextFile(output);
}

async function validate(ctx: Context, input: string): Promise<void> {
  const parts = await ctx
    .textFile(input)
    .mapPartitions(lines => {
      let [count, sum, first, last] = [0, 0, "", ""];
      for (const line of lines) {
        const key = line.slice(0, keyLength);
        if (key < last) throw new Error(`out of order: ${last} before ${key}`);
        if (count === 0) first = key;
        last = key;
        count++;
        sum = (sum + Number(line.slice(keyLength + 1, keyLength + 21))) % 1e9;
      }
      return [{ count, sum, first, last }];
    })
    .collect();
  const filled = parts.filter(part => part.count > 0);
  for (const [i, part] of filled.entries()) {
    if (i > 0 && part.first < filled[i - 1]!.last) throw new Error(`out of order: ${filled[i - 1]!.last} before ${part.first}`);
  }
  const count = filled.reduce((total, part) => total + part.count, 0);
  const sum = filled.reduce((total, part) => (total + part.sum) % 1e9, 0);
  console.log(`${count} records in order, checksum ${sum}`);
}
