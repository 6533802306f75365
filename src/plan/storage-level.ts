/** Spark's storage levels. `replicas` are the executors that are to hold a partition, as far as there are so many. */
export interface StorageLevel {
  readonly name: string;
  readonly memory: boolean;
  readonly disk: boolean;
  readonly replicas: number;
}

export const StorageLevel = {
  NONE: { name: "NONE", memory: false, disk: false, replicas: 1 },
  MEMORY_ONLY: { name: "MEMORY_ONLY", memory: true, disk: false, replicas: 1 },
  /** A second executor holds a copy, on another host if there is one: the loss of one costs no computing again. */
  MEMORY_ONLY_2: { name: "MEMORY_ONLY_2", memory: true, disk: false, replicas: 2 },
} as const satisfies Record<string, StorageLevel>;
