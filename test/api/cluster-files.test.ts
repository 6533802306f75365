/** Files written and read by executors that are processes. */
import { declareSuite } from "./suite.ts";

await declareSuite("files", { master: "local-cluster[2,1,512]", conf: { "firesteel.files.maxFileBytes": "1m" } });
