/** Broadcasts, accumulators and task contexts, with executors that are processes. */
import { declareSuite } from "./suite.ts";

await declareSuite("shared", { master: "local-cluster[2,1,64]", conf: { "firesteel.task.maxFailures": 3 } });
