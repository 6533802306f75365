import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const rows = ctx.range(1).map(x => {
    let objects = x;
    for (let i = 0; i < 1e6; i++) if (JSON.parse(`{"number":${i},"text":"some more of it"}`) !== undefined) objects++;
    return [objects, process.memoryUsage.rss()];
  });
  const [[objects, residentBytes]] = (await rows.collect()) as [[number, number]];
  console.log(objects, residentBytes);
}
