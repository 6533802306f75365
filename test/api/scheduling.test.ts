/** Jobs side by side, on task threads. */
import { declareSuite } from "./suite.ts";

const pools = { production: { weight: 2 }, research: {}, urgent: { minShare: 9 } };

await declareSuite("scheduling", {
  master: "local[3]",
  conf: { "firesteel.scheduler.mode": "FAIR", "firesteel.scheduler.pools": JSON.stringify(pools) },
});
