import type { FormContext } from "../form-context.ts";

let first: number | undefined;

const remember = (rows: number[]) => {
  [first] = rows;
};

export default async function main(ctx: FormContext): Promise<unknown> {
  void first;
  return ctx.ship((rows: number[]) => remember(rows));
}
