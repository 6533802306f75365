/** Files written and read with one task thread. */
import { declareSuite } from "./suite.ts";

await declareSuite("files", {
  master: "local[1]",
  conf: { "firesteel.executor.memory": "20m", "firesteel.files.maxFileBytes": "1m" },
});
