/**
 * Jobs side by side, cancelled, cached and streamed, with executors that are processes. They have little memory: some cases fill it.
 */
import { declareSuite } from "./suite.ts";

await declareSuite("jobs", { master: "local-cluster[2,1,16]", conf: { "firesteel.executor.memory": "16m" } });
