import type { FormContext } from "../form-context.ts";

export default async function main(ctx: FormContext): Promise<unknown> {
  class Point {
    constructor(readonly x: number) {}
  }
  const origin = new Point(0);
  return ctx.ship((x: number) => x - origin.x);
}
