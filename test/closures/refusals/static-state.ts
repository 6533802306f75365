import type { FormContext } from "../form-context.ts";

class Registry {
  static readonly seen = new WeakSet<object>();
  static has(row: object): boolean {
    return Registry.seen.has(row);
  }
}

export default async function main(ctx: FormContext): Promise<unknown> {
  return ctx.ship((row: object) => Registry.has(row));
}
