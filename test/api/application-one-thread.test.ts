/** Files, listeners and task contexts, on one task thread. */
import { declareSuite } from "./suite.ts";

await declareSuite("application", { master: "local[1,2]" });
