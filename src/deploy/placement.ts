/**
 * Which workers get an application's executors, or a driver. Pure: rooms in, choices out.
 *
 * Spread out, each worker in turn gets the cores of one more executor (or one more core for its one executor) until the
 * application has what it asks for; packed, a worker is filled before the next. Those with the most free cores come first.
 */
export interface Room {
  readonly coresFree: number;
  readonly memoryFreeMb: number;
}

export interface ExecutorWish {
  /** May be infinite. */
  readonly coresLeft: number;
  /** Undefined: one executor a worker, of as many cores as it gives. */
  readonly coresPerExecutor: number | undefined;
  readonly memoryMb: number;
  /** May be infinite. */
  readonly executorsLeft: number;
}

export interface PlacedExecutor<R extends Room> {
  readonly room: R;
  readonly cores: number;
}

export function placeExecutors<R extends Room>(
  wish: ExecutorWish,
  rooms: readonly R[],
  spreadOut: boolean,
): PlacedExecutor<R>[] {
  const piece = wish.coresPerExecutor ?? 1;
  const usable = rooms
    .filter(room => room.coresFree >= piece && room.memoryFreeMb >= wish.memoryMb)
    .map(room => ({ room, pieces: 0, executors: 0 }))
    .sort((a, b) => b.room.coresFree - a.room.coresFree);
  let piecesLeft = Math.floor(Math.min(wish.coresLeft, sum(usable.map(each => each.room.coresFree))) / piece);
  let executorsLeft = wish.executorsLeft;

  const take = (each: (typeof usable)[number]): boolean => {
    if (piecesLeft < 1 || each.room.coresFree < (each.pieces + 1) * piece) return false;
    const isNew = wish.coresPerExecutor !== undefined || each.executors === 0;
    if (isNew && (executorsLeft < 1 || each.room.memoryFreeMb < (each.executors + 1) * wish.memoryMb)) return false;
    if (isNew) {
      each.executors++;
      executorsLeft--;
    }
    each.pieces++;
    piecesLeft--;
    return true;
  };

  for (let open = usable; open.length > 0;) {
    open = open.filter(each => {
      if (spreadOut) return take(each);
      while (take(each));
      return false;
    });
  }
  return usable.flatMap(({ room, pieces, executors }) => {
    const cores = wish.coresPerExecutor ?? pieces;
    return Array.from({ length: executors }, () => ({ room, cores }));
  });
}

/** The room with the most free cores that has enough of all; the first of equals. */
export function placeDriver<R extends Room>(
  driver: { readonly cores: number; readonly memoryMb: number },
  rooms: readonly R[],
): R | undefined {
  let best: R | undefined;
  for (const room of rooms) {
    if (room.coresFree < driver.cores || room.memoryFreeMb < driver.memoryMb) continue;
    if (best === undefined || room.coresFree > best.coresFree) best = room;
  }
  return best;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
