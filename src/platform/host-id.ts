/**
 * What tells whether two processes see the same files: the host's name, its boot and the mount namespace, so that containers on
 * one machine differ. Where the system says none of it, the name alone.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

export function hostId(): string {
  return [
    hostname(),
    said(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
    said(() => readlinkSync("/proc/self/ns/mnt")),
  ]
    .join(" ")
    .trim();
}

function said(read: () => string): string {
  try {
    return read().trim();
  } catch {
    return "";
  }
}
