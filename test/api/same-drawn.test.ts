/** Samples, sketches, buckets, trees and commands give the same rows in the same order everywhere. */
import { declareSame } from "./same-places.ts";

await declareSame("same-drawn");
