import { basename } from "node:path";
import type { FormContext, Found } from "../form-context.ts";

export default async function main(ctx: FormContext): Promise<Found> {
  const here = () => [
    import.meta.url.startsWith("file:///"),
    basename(import.meta.filename),
    basename(import.meta.dirname),
    import.meta.main,
  ];
  return [
    [await ctx.ship(here), [true, "import-meta.ts", "forms", false]],
    [here(), [true, "import-meta.ts", "forms", true]],
  ];
}
