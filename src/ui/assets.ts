/**
 * The files that pages refer to, as text in the binary: one stylesheet, one script, one icon. Their paths hold a hash of what is in
 * them, so that browsers may keep them for ever.
 */
import { createHash } from "node:crypto";
import type { Hono } from "hono";
import type { RestEnv } from "../deploy/rest-authentication.ts";
import { stylesheet } from "./stylesheet.ts";
import { script } from "./script.ts";

// the spark of a steel: two strokes and a flash
const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="5" fill="#b3470b"/><path d="M13.5 3 6 13.5h4.5L9.5 21 18 10h-5z" fill="#fff"/></svg>`;

const files = {
  "pages.css": { type: "text/css; charset=utf-8", text: stylesheet },
  "pages.js": { type: "text/javascript; charset=utf-8", text: script },
  "icon.svg": { type: "image/svg+xml", text: icon },
} as const;

type AssetName = keyof typeof files;

const paths = new Map(
  (Object.keys(files) as AssetName[]).map(name => {
    const hash = createHash("sha256").update(files[name].text).digest("hex").slice(0, 12);
    return [name, `/assets/${hash}-${name}`] as const;
  }),
);

export function assetPath(name: AssetName): string {
  return paths.get(name)!;
}

export function serveAssets(app: Hono<RestEnv>): void {
  for (const [name, path] of paths) {
    const { type, text } = files[name];
    app.get(path, c =>
      c.body(text, 200, { "content-type": type, "cache-control": "private, max-age=31536000, immutable" }),
    );
  }
}
