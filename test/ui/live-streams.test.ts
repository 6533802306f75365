import { beforeEach, describe, expect, test } from "bun:test";
import { html } from "../../src/ui/html.ts";
import { eventText, liveLimits, LiveStreams } from "../../src/ui/live-streams.ts";
import { ManualClock, settle } from "../deploy/manual-clock.ts";
import { EventReader } from "./reading.ts";

const limits = { ...liveLimits, streamsMax: 3 };
const explain = (thrown: unknown) => String((thrown as Error).message);
let clock: ManualClock;
let streams: LiveStreams;
let drawn: number;
let shown: string;

beforeEach(() => {
  clock = new ManualClock();
  streams = new LiveStreams(clock, limits);
  drawn = 0;
  shown = "one";
});

function open(signal?: AbortSignal) {
  const draw = () => {
    drawn++;
    return html`${shown}`;
  };
  return streams.open(draw, explain, signal);
}

describe("live streams", () => {
  test("give the page at once, and again when it has changed", async () => {
    const answer = open()!;
    expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const events = new EventReader(answer);
    await clock.advance(0);
    expect(await events.next()).toEqual({ type: "page", data: "one" });
    await clock.advance(3000);
    shown = "two";
    await clock.advance(1000);
    expect(await events.next()).toEqual({ type: "page", data: "two" });
    expect(drawn).toBe(5);
  });

  test("say that they are there when nothing changes", async () => {
    const events = new EventReader(open()!);
    await clock.advance(0);
    await events.next();
    const waiting = events.next();
    await clock.advance(14_999);
    expect(await Promise.race([waiting, settle()])).toBeUndefined();
    await clock.advance(1001);
    expect(await waiting).toEqual({ type: "comment", data: "" });
  });

  test("tell of trouble, and go on", async () => {
    let broken = true;
    const draw = () => {
      if (broken) throw new Error("the master is gone\nevent: page");
      return html`back`;
    };
    const events = new EventReader(streams.open(draw, explain)!);
    await clock.advance(0);
    expect(await events.next()).toEqual({ type: "trouble", data: "the master is gone\nevent: page" });
    broken = false;
    await clock.advance(1000);
    expect(await events.next()).toEqual({ type: "page", data: "back" });
  });

  test("end with their readers, by either way", async () => {
    const leaving = new AbortController();
    const events = new EventReader(open()!);
    const aborted = new EventReader(open(leaving.signal)!);
    await clock.advance(0);
    await Promise.all([events.next(), aborted.next()]);
    await events.leave();
    leaving.abort();
    expect(streams.size).toBe(0);
    expect(await aborted.next()).toBeUndefined();
    const before = drawn;
    await clock.advance(10_000);
    expect(drawn).toBe(before);
  });

  test("are bounded in number", async () => {
    const first = new EventReader(open()!);
    expect([open(), open(), open()].map(answer => answer !== undefined)).toEqual([true, true, false]);
    await first.leave();
    expect(open()).toBeDefined();
    streams.close();
    expect(streams.size).toBe(0);
  });

  test("keep one event for who reads slowly, and give up on who reads nothing", async () => {
    open();
    for (let i = 0; i < 59; i++) {
      shown = `${i}`;
      await clock.advance(1000);
    }
    expect([drawn, streams.size]).toEqual([1, 1]);
    await clock.advance(2000);
    expect([drawn, streams.size]).toEqual([1, 0]);
  });

  test("draw less often what takes long to draw", async () => {
    const slow = async () => {
      drawn++;
      await new Promise<void>(resolve => void clock.after(200, resolve));
      return html`${drawn}`;
    };
    const events = new EventReader(streams.open(slow, explain)!);
    await clock.advance(200);
    await events.next();
    await clock.advance(3900);
    expect(drawn).toBe(1);
    await clock.advance(200);
    expect(drawn).toBe(2);
    await events.leave();
  });

  test("let no line of a text become a field", () => {
    expect(eventText("page", "a\r\nevent: b\rid: c\n")).toBe(
      "event: page\ndata: a\ndata: event: b\ndata: id: c\ndata: \n\n",
    );
  });
});
