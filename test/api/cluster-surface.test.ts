/** Members without a plain-array twin, with executors that are processes. */
import { declareSuite } from "./suite.ts";

await declareSuite("surface", { master: "local-cluster[2,1,64]" });
