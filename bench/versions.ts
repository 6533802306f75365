/** Which Firesteel was measured. */
import manifest from "../package.json" with { type: "json" };

export function firesteelVersion(): string {
  return `Firesteel ${manifest.version}`;
}
