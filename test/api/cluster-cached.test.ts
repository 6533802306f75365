/** Cached partitions, with executors that are processes. */
import { declareSuite } from "./suite.ts";

await declareSuite("cached-on-clusters", {
  master: "local-cluster[2,1,64]",
  conf: { "firesteel.locality.wait": "0s" },
});
