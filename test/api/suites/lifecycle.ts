/** Jobs over a Context's life: what works before `stop`, and what is refused after. */
import { Context, type Rdd } from "firesteel";

export interface Lifecycle {
  readonly make: (master: string) => Promise<Context>;
  readonly numbers: (ctx: Context) => Rdd<number>;
  readonly endless: (ctx: Context) => Rdd<number>;
  readonly pairs: (ctx: Context) => Rdd<[number, number]>;
}

const lifecycle: Lifecycle = {
  make: master => Context.create({ master, appName: "lifecycle", conf: { "firesteel.executor.memory": "16m" } }),
  numbers: ctx => ctx.range(0, 10, 1, 3).map(i => i + 1),
  endless: ctx => ctx.range(0, Number.MAX_SAFE_INTEGER, 1, 2).map(i => i + 1),
  pairs: ctx => ctx.range(3).map(i => [i, i]),
};

export default lifecycle;
