import type { FormContext } from "../form-context.ts";

function build(ctx: FormContext, _n: number) {
  return ctx.ship((x: number) => x + (arguments[1] as number));
}

export default async function main(ctx: FormContext): Promise<unknown> {
  return build(ctx, 3);
}
