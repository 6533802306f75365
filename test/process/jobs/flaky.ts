import { type Context, taskContext } from "firesteel";

export default async function main(ctx: Context, [failures]: string[]): Promise<void> {
  const times = Number(failures);
  const rows = ctx.range(10).map(x => {
    if (x === 7 && taskContext()!.attemptNumber < times) throw new Error("flaky");
    return x;
  });
  console.log(await rows.sum());
}
