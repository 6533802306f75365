/** Samples, with one task thread. */
import { declareSuite } from "./suite.ts";

await declareSuite("sampling", { master: "local[1]" });
