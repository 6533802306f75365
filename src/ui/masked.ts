/** Settings for people to look at: what may be a secret is not among them, whatever page asks. */
import { printValue } from "../base/config.ts";
import { configKeys, isConfigKey } from "../base/config-keys.ts";

const secretName = /secret|passw|token|credential|private|api[-_.]?key|access[-_.]?key|signature|auth(?!or)/i;
export const mask = "••••••";

/** By key, masked: values of keys that sound secret, and user and password in addresses. */
export function maskedSettings(settings: Readonly<Record<string, unknown>>): readonly (readonly [string, string])[] {
  return Object.entries(settings)
    .map(([key, value]) => [key, maskedValue(key, value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function maskedValue(key: string, value: unknown): string {
  const text = textOf(key, value);
  if (text === "") return text;
  // a limit or a switch is no secret, however it is called
  if (secretName.test(key) && typeof value !== "number" && typeof value !== "boolean") return mask;
  return maskedText(text);
}

/** Values of known keys as settings spell them: "8g". */
function textOf(key: string, value: unknown): string {
  if (typeof value === "string") return value;
  return isConfigKey(key) ? printValue(configKeys[key], value) : (JSON.stringify(value) ?? String(value));
}

/** `s3://user:password@host` and the like, `password=…` in text. */
export function maskedText(text: string): string {
  return text
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, `$1${mask}@`)
    .replace(/\b((?:\w*(?:secret|passw(?:or)?d|token|credential|api[-_]?key))\s*[=:]\s*)[^\s&,;]+/gi, `$1${mask}`);
}
