/**
 * Requests and bytes per client and path, from web server logs in Apache's combined format. Lines that do not parse are counted by
 * an accumulator.
 *
 *   firesteel run examples/log-query.ts [FILES]
 */
import type { Context } from "firesteel";

const combined = /^(?<client>\S+) \S+ \S+ \[[^\]]+\] "\S+ (?<path>\S+) [^"]*" \d{3} (?<bytes>\d+|-) "[^"]*" "[^"]*"$/;

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const malformed = ctx.longAccumulator("malformed lines");
  const traffic = await ctx
    .textFile(args[0] ?? "examples/access.log")
    .flatMap(line => {
      const groups = combined.exec(line)?.groups;
      if (groups === undefined) {
        malformed.add(1);
        return [];
      }
      const { client, path, bytes } = groups;
      return [
        [
          [client!, path!],
          [1, bytes === "-" ? 0 : Number(bytes)],
        ],
      ];
    })
    .reduceByKey((a, b) => [a[0] + b[0], a[1] + b[1]])
    .sortByKey()
    .collect();
  for (const [[client, path], [requests, bytes]] of traffic) console.log(client, path, requests, bytes);
  console.log(`${malformed.value} malformed`);
}
