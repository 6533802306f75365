/** Transformations against plain arrays, with four task threads. */
import { declareSuite } from "./suite.ts";

await declareSuite("conformance", { master: "local[4]" });
