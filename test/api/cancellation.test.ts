/** Cancelling actions, with two task threads. */
import { declareSuite } from "./suite.ts";

await declareSuite("cancellation");
