import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const lengths = ctx.range(4).map(x => {
    let text = `row ${x}`;
    for (;;) text += text;
    return text.length;
  });
  console.log(await lengths.collect());
}
