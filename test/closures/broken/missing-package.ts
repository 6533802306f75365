import { readFileSync } from "node:fs";
// @ts-expect-error there is no such package
import leftPad from "left-padd";

console.log(readFileSync, leftPad);
