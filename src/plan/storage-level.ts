/** Spark's storage levels. `replicas` above 1 matter where executors are many. */
export interface StorageLevel {
  readonly name: string;
  readonly memory: boolean;
  readonly disk: boolean;
  readonly replicas: number;
}

export const StorageLevel = {
  NONE: { name: "NONE", memory: false, disk: false, replicas: 1 },
  MEMORY_ONLY: { name: "MEMORY_ONLY", memory: true, disk: false, replicas: 1 },
} as const satisfies Record<string, StorageLevel>;
