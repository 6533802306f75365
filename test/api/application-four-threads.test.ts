/** Files, listeners and task contexts, on four task threads. */
import { declareSuite } from "./suite.ts";

await declareSuite("application", { master: "local[4,2]" });
