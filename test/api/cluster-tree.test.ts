/** Trees on executors that are processes of their own. */
import { declareSuite } from "./suite.ts";

await declareSuite("tree", { master: "local-cluster[2,1,512m]" });
