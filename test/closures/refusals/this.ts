import { EventEmitter } from "node:events";
import type { FormContext } from "../form-context.ts";

class Job {
  readonly events = new EventEmitter();
  factor = 2;
  run(ctx: FormContext): Promise<unknown> {
    return ctx.ship((x: number) => x * this.factor);
  }
}

export default async function main(ctx: FormContext): Promise<unknown> {
  return new Job().run(ctx);
}
