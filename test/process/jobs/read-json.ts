import type { Context } from "firesteel";

export default async function main(ctx: Context, [path, mode]: string[]): Promise<void> {
  const rows = ctx.jsonFile(path!, { mode: mode as "drop" | "fail" });
  console.log(JSON.stringify(await rows.collect()));
}
