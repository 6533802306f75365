/**
 * What S3 answers in XML, as far as listing, multipart uploads and errors need it: flat elements without attributes that matter.
 * Text comes out with its entities resolved, keys with their URL encoding too where the answer says that they have it.
 */

export interface S3Listing {
  readonly objects: readonly { readonly key: string; readonly bytes: number; readonly etag: string | undefined }[];
  /** What lies below a folder, up to and with the slash. */
  readonly prefixes: readonly string[];
  /** What the listing goes on behind. */
  readonly next: string | undefined;
}

export function parseListing(xml: string): S3Listing {
  const decode = textOf(xml, "EncodingType") === "url" ? urlDecode : (text: string) => text;
  return {
    objects: elements(xml, "Contents").map(each => ({
      key: decode(textOf(each, "Key") ?? ""),
      bytes: Number(textOf(each, "Size") ?? "0"),
      etag: textOf(each, "ETag"),
    })),
    prefixes: elements(xml, "CommonPrefixes").map(each => decode(textOf(each, "Prefix") ?? "")),
    next: textOf(xml, "IsTruncated") === "true" ? textOf(xml, "NextContinuationToken") : undefined,
  };
}

/** Uploads that were begun and not ended, and behind which one the listing goes on. */
export interface S3Uploads {
  readonly open: readonly { readonly key: string; readonly uploadId: string }[];
  readonly next: { readonly key: string; readonly uploadId: string } | undefined;
}

export function parseUploads(xml: string): S3Uploads {
  const decode = textOf(xml, "EncodingType") === "url" ? urlDecode : (text: string) => text;
  const open = elements(xml, "Upload").map(each => ({
    key: decode(textOf(each, "Key") ?? ""),
    uploadId: textOf(each, "UploadId") ?? "",
  }));
  const key = textOf(xml, "NextKeyMarker");
  const goesOn = textOf(xml, "IsTruncated") === "true" && open.length > 0 && key !== undefined;
  return { open, next: goesOn ? { key: decode(key), uploadId: textOf(xml, "NextUploadIdMarker") ?? "" } : undefined };
}

/** The error in an answer; undefined where it holds none. */
export function parseError(xml: string): { readonly code: string; readonly message: string } | undefined {
  const [error] = elements(xml, "Error");
  const code = error && textOf(error, "Code");
  return code === undefined ? undefined : { code, message: textOf(error!, "Message") ?? code };
}

/** The text of the first element of that name. */
export function textOf(xml: string, name: string): string | undefined {
  const [text] = elements(xml, name);
  return text === undefined ? undefined : unescapeXml(text);
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
}

function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, "g"))].map(match => match[1]!);
}

const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return named[name!] ?? whole;
  });
}

function urlDecode(text: string): string {
  return decodeURIComponent(text.replaceAll("+", " "));
}
