/** Trees, with four task threads. */
import { declareSuite } from "./suite.ts";

await declareSuite("tree", { master: "local[4]" });
