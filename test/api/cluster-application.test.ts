/** Files, listeners and task contexts, with executors that are processes. */
import { declareSuite } from "./suite.ts";

await declareSuite("application", { master: "local-cluster[2,1,64]" });
