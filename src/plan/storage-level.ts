/**
 * Spark's storage levels. Cached rows are always sealed blocks of columns outside the JavaScript heap: a plain level reads them
 * where they lie, a `_SER` level compresses each (lz4), which takes less memory and costs decompressing at every read.
 */
export interface StorageLevel {
  readonly name: string;
  /** Kept in engine memory while there is room. */
  readonly memory: boolean;
  /** What has no room goes to `firesteel.local.dirs`, instead of being computed again; without `memory` it goes there at once. */
  readonly disk: boolean;
  /** Read in place. False for `_SER` levels and for levels without memory, as in Spark. */
  readonly deserialized: boolean;
  /** Executors that are to hold a partition, as far as there are so many. */
  readonly replicas: number;
}

export const StorageLevel = {
  /** Not kept: what an Rdd has that is not persisted. */
  NONE: { name: "NONE", memory: false, disk: false, deserialized: false, replicas: 1 },
  /** In files of `firesteel.local.dirs`. Reading holds one block in memory. */
  DISK_ONLY: { name: "DISK_ONLY", memory: false, disk: true, deserialized: false, replicas: 1 },
  /** DISK_ONLY on two executors. */
  DISK_ONLY_2: { name: "DISK_ONLY_2", memory: false, disk: true, deserialized: false, replicas: 2 },
  /** DISK_ONLY on three executors. */
  DISK_ONLY_3: { name: "DISK_ONLY_3", memory: false, disk: true, deserialized: false, replicas: 3 },
  /** In engine memory. What does not fit, or must make room, is computed again. */
  MEMORY_ONLY: { name: "MEMORY_ONLY", memory: true, disk: false, deserialized: true, replicas: 1 },
  /** A second executor holds a copy, on another host if there is one: the loss of one costs no computing again. */
  MEMORY_ONLY_2: { name: "MEMORY_ONLY_2", memory: true, disk: false, deserialized: true, replicas: 2 },
  /** In engine memory, compressed. */
  MEMORY_ONLY_SER: { name: "MEMORY_ONLY_SER", memory: true, disk: false, deserialized: false, replicas: 1 },
  /** MEMORY_ONLY_SER on two executors. */
  MEMORY_ONLY_SER_2: { name: "MEMORY_ONLY_SER_2", memory: true, disk: false, deserialized: false, replicas: 2 },
  /** In engine memory. What does not fit, or must make room, goes to disk. */
  MEMORY_AND_DISK: { name: "MEMORY_AND_DISK", memory: true, disk: true, deserialized: true, replicas: 1 },
  /** MEMORY_AND_DISK on two executors. */
  MEMORY_AND_DISK_2: { name: "MEMORY_AND_DISK_2", memory: true, disk: true, deserialized: true, replicas: 2 },
  /** In engine memory, compressed; what does not fit, or must make room, goes to disk. */
  MEMORY_AND_DISK_SER: { name: "MEMORY_AND_DISK_SER", memory: true, disk: true, deserialized: false, replicas: 1 },
  /** MEMORY_AND_DISK_SER on two executors. */
  MEMORY_AND_DISK_SER_2: { name: "MEMORY_AND_DISK_SER_2", memory: true, disk: true, deserialized: false, replicas: 2 },
  /** What MEMORY_AND_DISK_SER is: engine memory is off the JavaScript heap at every level. */
  OFF_HEAP: { name: "OFF_HEAP", memory: true, disk: true, deserialized: false, replicas: 1 },
} as const satisfies Record<string, StorageLevel>;

/** Whether rows are kept at all. */
export function keeps(level: StorageLevel | undefined): level is StorageLevel {
  return level !== undefined && (level.memory || level.disk);
}

/** Whether blocks are compressed in memory. */
export function isPacked(level: StorageLevel): boolean {
  return level.memory && !level.deserialized;
}
