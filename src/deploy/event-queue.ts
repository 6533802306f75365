/**
 * Steps of a machine one after the other: an event that comes while the actions of another are carried out waits for its end.
 */
export class EventQueue<Event> {
  private readonly waiting: Event[] = [];
  private isRunning = false;

  constructor(private readonly step: (event: Event) => void) {}

  push(event: Event): void {
    this.waiting.push(event);
    if (this.isRunning) return;
    this.isRunning = true;
    try {
      for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) this.step(next);
    } finally {
      this.isRunning = false;
    }
  }
}
