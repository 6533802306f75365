/** Configuration keys of an application's pages. */
import type { KeySpec } from "./key-spec.ts";

export const uiKeys = {
  "firesteel.ui.enabled": {
    type: "boolean",
    default: around => around.master.kind !== "local",
    defaultText: "true on a cluster, false in local mode",
    meaning: "Whether the driver serves pages of its jobs, stages and executors.",
  },
  "firesteel.ui.port": {
    type: "int",
    min: 0,
    max: 65_535,
    default: 4040,
    defaultText: "4040, the next free one when it is taken",
    meaning: "The port of these pages in local mode; 0 for any. On a cluster they are at the driver's own port.",
  },
} as const satisfies Readonly<Record<string, KeySpec>>;
