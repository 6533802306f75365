/** Members without a plain-array twin, with one task thread. */
import { declareSuite } from "./suite.ts";

await declareSuite("surface", { master: "local[1]" });
