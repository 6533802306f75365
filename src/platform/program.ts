/**
 * How this program starts itself as another process: the compiled binary alone, or the runtime with `src/main.ts`. The runtime
 * settings that `restart.ts` would restart for are given to the child right away.
 */
import { fileURLToPath } from "node:url";
import { environmentWithSettings, type ProcessWork } from "./restart.ts";

/** Command and first arguments; the program's own follow. */
export function programCommand(): readonly string[] {
  if (import.meta.url.includes("$bunfs") || import.meta.url.includes("~BUN")) return [process.execPath];
  const main = fileURLToPath(new URL("../main.ts", import.meta.url));
  return typeof Bun === "undefined" ? [process.execPath, "run", "--allow-all", main] : [process.execPath, main];
}

/** The environment of a child that is this program too: without this process's own FIRESTEEL_ variables, secrets among them. */
export function programEnvironment(
  own: Readonly<Record<string, string | undefined>>,
  work: ProcessWork,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && (!name.startsWith("FIRESTEEL_") || name.startsWith("FIRESTEEL_TEST_")))
      kept[name] = value;
  }
  return environmentWithSettings(kept, work);
}
