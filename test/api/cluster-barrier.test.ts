/** Stages whose tasks run at the same time, with executors that are processes. */
import { declareSuite } from "./suite.ts";

await declareSuite("barrier", {
  master: "local-cluster[3,1,64]",
  conf: { "firesteel.task.maxFailures": 3 },
});
