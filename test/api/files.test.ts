import { declareSuite } from "./suite.ts";

await declareSuite("files", { conf: { "firesteel.executor.memory": "20m", "firesteel.files.maxFileBytes": "1m" } });
