/** Variances and histograms, with four task threads. */
import { declareSuite } from "./suite.ts";

await declareSuite("numeric", { master: "local[4]" });
