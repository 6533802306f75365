/** Cached partitions, with executors that are processes. */
import { declareSuite } from "./suite.ts";

await declareSuite("cached-on-clusters", {
  master: "local-cluster[2,1,64]",
  // both are there before the first task: one that starts late would get none
  conf: { "firesteel.locality.wait": "0s", "firesteel.scheduler.minRegisteredResourcesRatio": 1 },
});
