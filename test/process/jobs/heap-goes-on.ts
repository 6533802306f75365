import type { Context, FiresteelError } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const texts = ctx.range(4).map(() => `[${"[1,2,3],".repeat(3e7)}0]`);
  const strings = ctx.range(4).flatMap(x => Array.from({ length: 5000 }, (_, i) => String(i).padEnd(1e6, String(x))));
  const jobs = [
    () => texts.map(text => (JSON.parse(text) as unknown[]).length).collect(),
    () => strings.count(),
    () =>
      ctx.range(1e7).aggregate(
        new Map<number, number[]>(),
        (kept, x) => kept.set(x, [x, x]),
        (a, b) => new Map([...a, ...b]),
      ),
  ];
  for (const job of jobs) {
    const { kind, message } = await job().then(
      () => ({ kind: "none", message: "it had room" }),
      (error: FiresteelError) => error,
    );
    console.log(kind, message.replaceAll(/[\d.]+ [KMG]iB/g, "<bytes>"));
    console.log(
      await ctx
        .range(1e4)
        .map(x => x + 1)
        .sum(),
    ); // the next job
  }
}
