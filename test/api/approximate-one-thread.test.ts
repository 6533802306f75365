/** Approximate answers, with one task thread. */
import { declareSuite } from "./suite.ts";

await declareSuite("approximate", { master: "local[1]" });
