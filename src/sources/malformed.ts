/** What happens to records that cannot be read: mode "fail" ends the job with their place, mode "drop" leaves them out and counts. */
import { FiresteelError } from "../base/errors.ts";
import type { SourceEnv } from "./contracts.ts";
import type { MalformedMode } from "./options.ts";

export function checkMode(mode: MalformedMode | undefined): MalformedMode {
  if (mode === undefined) return "fail";
  if (mode !== "fail" && mode !== "drop")
    throw new FiresteelError("user", `unknown mode ${JSON.stringify(mode)}`, { hint: `modes are "fail" and "drop"` });
  return mode;
}

export class MalformedRecords {
  constructor(
    private readonly path: string,
    private readonly noun: "CSV" | "JSON",
    private readonly mode: MalformedMode,
    private readonly env: SourceEnv,
  ) {}

  get dropping(): boolean {
    return this.mode === "drop";
  }

  /** `locate` is asked only when the record's place is told. */
  report(locate: () => { readonly offset: number; readonly problem: string; readonly hint?: string }): void {
    if (this.mode === "drop") {
      this.env.metrics.add("rowsDropped", 1);
      return;
    }
    const { offset, problem, hint } = locate();
    throw new FiresteelError("data", `malformed ${this.noun} in ${this.path} at byte ${offset}: ${problem}`, {
      hint: hint ?? `use mode: "drop" to leave such records out`,
    });
  }
}
