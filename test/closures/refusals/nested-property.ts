import type { FormContext } from "../form-context.ts";

const config = { name: "x", db: { pending: Promise.resolve(1) } };

export default async function main(ctx: FormContext): Promise<unknown> {
  return ctx.ship((row: string) => row + config.name);
}
