import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const lines = ctx.parallelize(['{"a":1}', "{"]);
  console.log(await lines.map(line => JSON.parse(line)).collect());
}
