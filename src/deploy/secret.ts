/**
 * The secret that the processes of a cluster share. It comes from a file that nobody else can read, from a parent process, or from
 * the environment, which it is then taken out of, so that what a job starts does not get it. It is in no setting, so that
 * no page and no log shows it.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { UsageError } from "../base/usage-error.ts";
import { systemReason } from "../base/system-errors.ts";

export const secretVariable = "FIRESTEEL_SECRET";
const secretBytesMax = 4096;

/** What the parent process gave; see `takeSecret`. */
let held: string | undefined;

/** Keeps a secret that came otherwise than by file or environment. */
export function holdSecret(secret: string | undefined): void {
  if (secret !== undefined) held = secret;
}

/** The secret of this process: of the file when one is named. The environment no longer has it then. */
export function takeSecret(file?: string): string | undefined {
  const ofEnvironment = process.env[secretVariable];
  delete process.env[secretVariable];
  if (file !== undefined) held = readSecretFile(file);
  else if (held === undefined && ofEnvironment !== undefined) held = checked(ofEnvironment, secretVariable);
  return held;
}

/** The first line of the file. */
export function readSecretFile(path: string): string {
  const text = read(path);
  return checked(text.replace(/\r?\n$/, ""), path);
}

function read(path: string): string {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new UsageError(`the secret file ${path} is not a file`);
    if (process.platform !== "win32" && (stat.mode & 0o077) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(3, "0");
      throw new UsageError(`the secret file ${path} is open to other users (mode ${mode})`, {
        hint: `make it yours alone: chmod 600 ${path}; and if others may have read it, write a new secret`,
      });
    }
    const bytes = Buffer.alloc(secretBytesMax + 2);
    return bytes.toString("utf8", 0, readSync(file, bytes, 0, bytes.length, 0));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const missing = (error as { code?: string }).code === "ENOENT";
    throw new UsageError(
      missing
        ? `the secret file ${path} does not exist`
        : `the secret file ${path} cannot be read: ${systemReason(error)}`,
      { hint: "make one with: (umask 077; openssl rand -hex 32 > secret)" },
    );
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function checked(secret: string, from: string): string {
  if (secret.trim() === "") throw new UsageError(`${from} holds no secret`, { hint: "write one line into it" });
  if (/[\0\r\n]/.test(secret))
    throw new UsageError(`${from} holds more than one line`, { hint: "a secret is one line" });
  if (Buffer.byteLength(secret) > secretBytesMax) {
    throw new UsageError(`${from} holds more than ${secretBytesMax} bytes`, { hint: "32 random bytes are plenty" });
  }
  return secret;
}
