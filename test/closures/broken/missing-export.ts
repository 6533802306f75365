// @ts-expect-error the name is misspelt
import { shot } from "../helpers/text.ts";

const more = (x: string) => x + 1;
export default () => more(shot("x"));
