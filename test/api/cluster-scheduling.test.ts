/** Jobs side by side, with executors that are processes. */
import { declareSuite } from "./suite.ts";

const pools = { production: { weight: 2 }, research: {}, urgent: { minShare: 9 } };

await declareSuite("scheduling", {
  master: "local-cluster[3,1,64]",
  conf: { "firesteel.scheduler.mode": "FAIR", "firesteel.scheduler.pools": JSON.stringify(pools) },
});
