/**
 * Traffic per client and request from web server logs in Apache's combined format; lines that do not parse are counted by an
 * accumulator.
 *
 *   firesteel run examples/log-query.ts FILES
 */
import type { Context } from "firesteel";

const combined = /^(\S+) \S+ (\S+) \[([^\]]+)\] "([^"]*)" (\d{3}) (\d+|-) "([^"]*)" "([^"]*)"/;

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const [input] = args;
  if (input === undefined) throw new Error("usage: log-query.ts FILES");
  const malformed = ctx.longAccumulator("malformed lines");
  const traffic = ctx
    .textFile(input)
    .flatMap(line => {
      const match = combined.exec(line);
      if (match === null) {
        malformed.add(1);
        return [];
      }
      const [, client, user, , request, , bytes] = match;
      return [[[client!, user!, request!], { requests: 1, bytes: bytes === "-" ? 0 : Number(bytes) }]];
    })
    .reduceByKey((a, b) => ({ requests: a.requests + b.requests, bytes: a.bytes + b.bytes }));
  const rows = await traffic.sortByKey().collect();
  for (const [[client, user, request], { requests, bytes }] of rows) console.log(client, user, `"${request}"`, requests, bytes);
  console.log(`${malformed.value} malformed`);
}
