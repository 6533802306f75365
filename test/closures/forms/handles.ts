import type { FormContext, Found } from "../form-context.ts";

// as the engine's broadcast values are made
class Broadcast {
  readonly hidden = Symbol("cannot ship");
  constructor(readonly id: number) {}
  [Symbol.for("firesteel.handle")]() {
    return { handle: "broadcast", id: this.id };
  }
}

export default async function main(ctx: FormContext): Promise<Found> {
  const table: { value?: unknown } = Object.assign(
    Object.create({ [Symbol.for("firesteel.handle")]: () => ({ handle: "broadcast", id: 7 }) }),
    {},
  );
  return [
    [await ctx.ship(() => table.value), "broadcast 7"],
    [typeof Broadcast, "function"],
  ];
}
