/** What transformed modules import when the runtime loads them itself; see runtime.ts. */
import type { ClosureScope } from "./runtime.ts";

type Helpers = ClosureScope["helpers"];

export let $fst: Helpers["t"];
export let $fso: Helpers["o"];
export let $fsb: Helpers["b"];
export let $fsc: Helpers["c"];
export let $fsk: Helpers["k"];
export let $fsr: Helpers["r"];
export let $fsx: Helpers["x"];
export let $fsl: Helpers["l"];
export let $fsh: Helpers["h"];
export let $fsm: Helpers["m"];

export function registeredHelpers(scope: ClosureScope): void {
  ({ t: $fst, o: $fso, b: $fsb, c: $fsc, k: $fsk, r: $fsr, x: $fsx, l: $fsl, h: $fsh, m: $fsm } = scope.helpers);
}
