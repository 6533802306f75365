/** What stages are said to have read and written, on executors that are processes of their own. */
import { declareSuite } from "./suite.ts";

await declareSuite("figures", { master: "local-cluster[2,1,512m]" });
