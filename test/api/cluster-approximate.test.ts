/** Approximate actions on executors that are processes of their own. */
import { declareSuite } from "./suite.ts";

await declareSuite("approximate", { master: "local-cluster[2,1,512m]" });
