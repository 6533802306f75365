import type { FormContext, Found } from "../form-context.ts";

class Job {
  factor = 3;
  #secret = 4;
  scale = (x: number) => x * this.factor + this.#secret;
  run(ctx: FormContext): Promise<unknown> {
    const inner = () => () => this.#secret;
    return ctx.ship((x: number) => [x * this.factor, inner()()], 2);
  }
}

export default async function main(ctx: FormContext): Promise<Found> {
  const job = new Job();
  return [
    [await job.run(ctx), [6, 4]],
    [await ctx.ship(job.scale, 1), 7],
  ];
}
