import type { FormContext } from "../form-context.ts";

const cache = new WeakMap<object, number>();

function lookup(row: object): number | undefined {
  return cache.get(row);
}

export default async function main(ctx: FormContext): Promise<unknown> {
  return ctx.ship((row: object) => lookup(row));
}
