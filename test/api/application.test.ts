/** Files, listeners and task contexts, on task threads. */
import { declareSuite } from "./suite.ts";

await declareSuite("application", { master: "local[2,2]" });
