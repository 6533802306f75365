/** A user's script with a Context of its own; with an argument it divides by it, in a task. */
import { Context, FiresteelError } from "firesteel";

await using ctx = await Context.create({ master: "local[2]", appName: "script" });
const divisor = BigInt(process.argv[2] ?? 1);
try {
  const quotients = ctx.range(4).map(n => BigInt(n) / divisor);
  console.log(await quotients.collect());
} catch (error) {
  if (!(error instanceof FiresteelError)) throw error;
  console.log(error.kind, error.message);
  process.exitCode = 1;
}
