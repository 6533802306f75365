/** Tasks that wait for one that does not come, on task threads. */
import { declareSuite } from "./suite.ts";

await declareSuite("barrier-timeout", {
  master: "local[3,1]",
  conf: { "firesteel.barrier.sync.timeout": "2s" },
});
