/** Stages whose tasks run at the same time, on task threads. */
import { declareSuite } from "./suite.ts";

await declareSuite("barrier", {
  master: "local[3,3]",
});
