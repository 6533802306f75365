/** Generated code as text to read. */
import type { ModuleCode } from "./code.ts";

export function printModule(module: ModuleCode): string {
  return module.functions.map(each => each.name).join("\n");
}
