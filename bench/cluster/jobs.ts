/** The jobs that local-cluster.ts runs, by their first argument. They print a word and numbers a line. */
import type { Context } from "firesteel";

export default async function main(ctx: Context, [what, size]: string[]): Promise<void> {
  switch (what) {
    case "first":
      await ctx.range(0, 1, 1, 1).count();
      console.log("first", Date.now());
      break;
    case "rest":
      await ctx.range(0, 2, 1, 2).count();
      await new Promise(resolve => setTimeout(resolve, 1500));
      console.log("rested");
      await new Promise(resolve => setTimeout(resolve, 300));
      break;
    case "tasks": {
      await ctx.range(0, 200, 1, 200).foreach(() => {});
      const started = performance.now();
      await ctx.range(0, 1, 1, Number(size)).foreach(() => {});
      console.log("tasks", performance.now() - started);
      break;
    }
    case "group": {
      const job = () =>
        ctx
          .range(0, Number(size), 1, 8)
          .map(i => [(i * 48271) % 1000000, i])
          .groupByKey(8)
          .mapValues(values => values.length)
          .map(pair => pair[1])
          .sum();
      await job();
      console.log("grouping");
      const started = performance.now();
      const rows = await job();
      console.log("group", performance.now() - started, rows);
      break;
    }
  }
}
