/** Operators that combine Rdds: errors, shuffles that are saved, partitions that are not read. */
import { declareSuite } from "./suite.ts";

await declareSuite("combining");
