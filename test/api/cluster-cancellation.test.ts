/** Cancelling actions on executors that are processes of their own. */
import { declareSuite } from "./suite.ts";

await declareSuite("cancellation", { master: "local-cluster[2,1,512m]" });
