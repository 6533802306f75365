import type { FormContext } from "../form-context.ts";

export default async function main(ctx: FormContext): Promise<unknown> {
  class Point {
    constructor(readonly x: number) {}
  }
  return ctx.ship((x: number) => new Point(x));
}
