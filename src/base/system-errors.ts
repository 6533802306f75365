/**
 * What the system said when it refused to work with a file, in words: Node's own name a code, a system call and a path that the user
 * may never have given. What has no words here keeps the system's.
 */
const words: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "its file system is read-only",
  ENOENT: "there is no such file or folder",
  ENOTDIR: "a part of the path is a file",
  EISDIR: "it is a folder",
  EEXIST: "it already exists",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the name is too long",
  ENOSPC: "no space left on its disk",
  EDQUOT: "the disk quota is used up",
  EFBIG: "it grew longer than its file system lets a file be",
  EBUSY: "it is in use",
  ETXTBSY: "it is in use",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  EIO: "its disk failed (EIO)",
  ESTALE: "its network file system has lost it (ESTALE)",
  ENXIO: "it is a device or pipe that nobody serves",
  EINVAL: "its file system does not do that",
  ERR_INVALID_ARG_VALUE: "a path cannot have a null character",
};

/** The reason without codes, calls and paths, where it is a known one. */
export function systemReason(thrown: unknown): string {
  const { code } = (thrown ?? {}) as { readonly code?: unknown };
  const known = typeof code === "string" ? words[code] : undefined;
  return known ?? (thrown instanceof Error ? thrown.message : String(thrown));
}

/** What helps who wants to read it. */
export function readHint(thrown: unknown): string | undefined {
  switch ((thrown as { readonly code?: unknown } | undefined)?.code) {
    case "EACCES":
    case "EPERM":
      return "allow the user that Firesteel runs as to read it, and to enter its folders; on a cluster, executors too";
    case "EMFILE":
    case "ENFILE":
      return "raise the limit of open files (ulimit -n)";
    case "ELOOP":
      return "look at what its links lead to";
    default:
      return undefined;
  }
}

/** What helps who wants to write there. */
export function writeHint(thrown: unknown): string | undefined {
  switch ((thrown as { readonly code?: unknown } | undefined)?.code) {
    case "EACCES":
    case "EPERM":
      return "allow the user that Firesteel runs as to write there, or write to another path";
    case "ENOSPC":
    case "EDQUOT":
      return "free some space, or write elsewhere";
    case "EMFILE":
    case "ENFILE":
      return "raise the limit of open files (ulimit -n)";
    case "ENAMETOOLONG":
      return "give it a shorter name";
    case "EEXIST":
    case "ENOTDIR":
      return "remove it, or write to another path";
    default:
      return "write to another path";
  }
}
