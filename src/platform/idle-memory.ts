/**
 * Gives back what the calling thread's runtime holds beyond its objects: compiled code with the tables that belong to it, and
 * garbage. Code is compiled anew when it is used again, which takes each kind of job some tens of milliseconds once: it is for
 * threads that have had nothing to do for long. Happens once the running call has returned; elsewhere than in Bun, nothing does.
 */
interface Shrinking {
  readonly Bun?: { readonly shrink?: () => void };
}

export function releaseIdleMemory(): void {
  (globalThis as Shrinking).Bun?.shrink?.();
}
