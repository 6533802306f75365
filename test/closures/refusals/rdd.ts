import type { FormContext } from "../form-context.ts";

function makeRdd(): object {
  class Rdd {}
  return Object.assign(new Rdd(), {
    // as the engine's own
    [Symbol.for("firesteel.refuse")]:
      "an Rdd cannot be used inside a function that runs in tasks: join the two, or collect() and broadcast() the small one",
  });
}

export default async function main(ctx: FormContext): Promise<unknown> {
  const other = makeRdd();
  return ctx.ship((row: number) => [row, other]);
}
