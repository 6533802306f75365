/** Files written and read with four task threads. */
import { declareSuite } from "./suite.ts";

await declareSuite("files", {
  master: "local[4]",
  conf: { "firesteel.executor.memory": "40m", "firesteel.files.maxFileBytes": "1m" },
});
