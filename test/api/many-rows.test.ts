import { declareSuite } from "./suite.ts";

await declareSuite("many-rows");
