import { declareSuite } from "./suite.ts";

await declareSuite("jobs", { conf: { "firesteel.executor.memory": "20m" } });
