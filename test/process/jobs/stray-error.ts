import type { Context } from "firesteel";

export default async function main(ctx: Context, [how]: string[]): Promise<void> {
  const rows = ctx.range(10).mapAsync(async x => {
    if (how === "reject") void Promise.reject(new Error("never awaited"));
    else {
      setTimeout(() => {
        throw new Error("never caught");
      }, 1);
    }
    await new Promise(resolve => setTimeout(resolve, 3_000));
    return x;
  });
  console.log(await rows.sum());
}
