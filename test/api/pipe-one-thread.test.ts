/** Rows sent through commands, with one task thread. */
import { declareSuite } from "./suite.ts";

await declareSuite("pipe", { master: "local[1]" });
