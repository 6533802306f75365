/** Who runs this process, for pages. Containers run as users that the system has no name for. */
import { userInfo } from "node:os";

export function userName(): string {
  try {
    const { username } = userInfo();
    if (username !== "unknown") return username;
  } catch {
    // falls through
  }
  return process.env["USER"] ?? "unknown";
}
