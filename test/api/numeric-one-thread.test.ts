/** Actions on numbers, with one task thread. */
import { declareSuite } from "./suite.ts";

await declareSuite("numeric", { master: "local[1]" });
