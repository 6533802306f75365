/** Actions against plain arrays, with four task threads. */
import { declareSuite } from "./suite.ts";

await declareSuite("conformance-actions", { master: "local[4]" });
