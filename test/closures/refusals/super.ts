import type { FormContext } from "../form-context.ts";

class Base {
  rate(): number {
    return 2;
  }
}
class Job extends Base {
  run(ctx: FormContext): Promise<unknown> {
    return ctx.ship((x: number) => x * super.rate());
  }
}

export default async function main(ctx: FormContext): Promise<unknown> {
  return new Job().run(ctx);
}
