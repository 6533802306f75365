/** How long tasks wait for places near their input, as the configuration says: a level's own key wins over the common one. */
import type { Config } from "../base/config.ts";
import type { LocalityWaits } from "./contracts.ts";

export function localityWaits(config: Config): LocalityWaits {
  const wait = (key: "firesteel.locality.wait.process" | "firesteel.locality.wait.node") =>
    config.get(config.isSet(key) ? key : "firesteel.locality.wait");
  return { processMs: wait("firesteel.locality.wait.process"), nodeMs: wait("firesteel.locality.wait.node") };
}
