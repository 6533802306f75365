/**
 * TeraSort's three steps (O'Malley 2008): generate records of 100 bytes with random keys of 10, sort them, and check that the
 * result is in order and that no record is missing.
 *
 *   firesteel run examples/tera-sort.ts generate RECORDS OUTPUT
 *   firesteel run examples/tera-sort.ts sort INPUT OUTPUT
 *   firesteel run examples/tera-sort.ts validate INPUT
 */
import { createHash } from "node:crypto";
import type { Context } from "firesteel";

const keyLength = 10;

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const [step, ...rest] = args;
  if (step === "generate" && rest.length === 2) await generate(ctx, Number(rest[0]), rest[1]!);
  else if (step === "sort" && rest.length === 2) await sort(ctx, rest[0]!, rest[1]!);
  else if (step === "validate" && rest.length === 1) await validate(ctx, rest[0]!);
  else throw new Error("usage: tera-sort.ts generate RECORDS OUTPUT | sort INPUT OUTPUT | validate INPUT");
}

async function generate(ctx: Context, records: number, output: string): Promise<void> {
  await ctx.range(0, records).map(record).saveAsTextFile(output);
}

/** The key, the record's number and filler: with the line's end 100 bytes. */
function record(i: number): string {
  const key = createHash("sha1").update(String(i)).digest("base64").slice(0, keyLength);
  return `${key} ${String(i).padStart(20, "0")} `.padEnd(99, "FIRESTEEL");
}

async function sort(ctx: Context, input: string, output: string): Promise<void> {
  await ctx
    .textFile(input)
    .keyBy(line => line.slice(0, keyLength))
    .sortByKey()
    .values()
    .saveAsTextFile(output);
}

async function validate(ctx: Context, input: string): Promise<void> {
  const parts = await ctx
    .textFile(input)
    .mapPartitions(lines => {
      const part = { count: 0, numbers: 0, first: "", last: "" };
      for (const line of lines) {
        const key = line.slice(0, keyLength);
        if (part.count === 0) part.first = key;
        else refuseDisorder(part.last, key);
        part.last = key;
        part.count++;
        part.numbers += Number(line.slice(keyLength + 1, keyLength + 21));
      }
      return part.count === 0 ? [] : [part];
    })
    .collect();
  const whole = parts.reduce((left, right) => {
    refuseDisorder(left.last, right.first);
    return { ...right, count: left.count + right.count, numbers: left.numbers + right.numbers };
  });
  if (whole.numbers !== (whole.count * (whole.count - 1)) / 2)
    throw new Error("some records are missing or there twice");
  console.log(`${whole.count} records in order, none missing`);
}

function refuseDisorder(before: string, after: string): void {
  if (before > after) throw new Error(`out of order: ${before} before ${after}`);
}
