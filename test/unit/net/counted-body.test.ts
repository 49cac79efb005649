import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BODY_LIMITS } from "../../../src/net/body-limits.ts";
import { largestBodyBytes, withCountedBody } from "../../../src/net/counted-body.ts";

/*
 * scenario                                          requirement
 * uploads that stop short of their end              given up after 30 s, and their room is free again
 * large bodies in memory, however many              small ones are admitted
 * one client address with all it can send           at most half of the memory, however much a byte counts
 */

const MIB = 1_048_576;
const MAX_BYTES = 16 * MIB;
/** What a byte of a form with files counts. */
const FORM_WEIGHT = 5 / 3;

/** What readers hold until they are let go. */
let letGo: () => void = () => undefined;
let held = Promise.resolve();

function hold(): void {
  held = new Promise((resolve) => {
    letGo = resolve;
  });
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(async () => {
  letGo();
  held = Promise.resolve();
  // Whatever a test left on its way is over by then.
  await vi.advanceTimersByTimeAsync(BODY_LIMITS.arrivalMs);
  vi.useRealTimers();
});

interface Upload {
  /** How it ended, and how many bytes were handed on. */
  answer: Promise<string>;
  send: (bytes: number) => void;
  end: () => void;
  cancelled: () => boolean;
}

/** A body of unsaid length that comes when the test says so. */
function upload(client: string | null, weight = 1): Upload {
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  let isCancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    start: (made) => {
      controller = made;
    },
    cancel: () => {
      isCancelled = true;
    },
  });
  const read = withCountedBody(
    { stream, declaredBytes: 0, maxBytes: 30 * MIB, client, weight },
    async ({ byteLength }) => {
      await held;
      return byteLength;
    },
  );
  return {
    answer: read.then((result) => (result.end === "complete" ? `all ${result.value}` : result.end)),
    send: (bytes) => {
      for (let left = bytes; left > 0; left -= 4 * MIB)
        controller?.enqueue(new Uint8Array(Math.min(left, 4 * MIB)));
    },
    end: () => controller?.close(),
    cancelled: () => isCancelled,
  };
}

/** Sent as a whole; stays in memory while its reader holds it. */
async function sent(client: string | null, bytes: number, weight = 1): Promise<string> {
  const { answer, send, end } = upload(client, weight);
  send(bytes);
  end();
  return settled(answer);
}

/** The answer, or "held" while there is none. */
async function settled(answer: Promise<string>): Promise<string> {
  await vi.advanceTimersByTimeAsync(1);
  return Promise.race([answer, Promise.resolve("held")]);
}

describe("a body that does not end", () => {
  it("is given up after 30 seconds, and nothing of it is counted any more", async () => {
    const uploads = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((address) => upload(address));
    for (const { send } of uploads) send(14 * MIB);
    expect(await Promise.all(uploads.map(async ({ answer }) => settled(answer)))).toEqual(
      Array(3).fill("held"),
    );
    // Nothing large fits beside them, and all that is small does.
    expect(await sent("192.0.2.4", 4 * MIB)).toBe("refused");
    expect(await sent("192.0.2.4", BODY_LIMITS.smallMaxBytes)).toBe(`all ${BODY_LIMITS.smallMaxBytes}`);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await Promise.all(uploads.map(async ({ answer }) => answer))).toEqual(Array(3).fill("late"));
    expect(uploads.map(({ cancelled }) => cancelled())).toEqual([true, true, true]);
    expect(await sent("192.0.2.4", MAX_BYTES)).toBe(`all ${MAX_BYTES}`);
  });

  it("but comes in time is taken, however slowly", async () => {
    const { answer, send, end } = upload("192.0.2.1");
    for (let second = 0; second < 29; second++) {
      send(1);
      await vi.advanceTimersByTimeAsync(1000);
    }
    end();
    expect(await answer).toBe("all 29");
  });

  it("does not count the time that its request takes once it is here", async () => {
    hold();
    const { answer, send, end } = upload("192.0.2.1");
    send(5);
    end();
    await vi.advanceTimersByTimeAsync(60_000);
    letGo();
    expect(await answer).toBe("all 5");
  });
});

describe("the memory of bodies", () => {
  it("of one address is at most half, and the other half is for all others", async () => {
    hold();
    const mine = "2001:db8:1:2::/64";
    expect(await sent(mine, MAX_BYTES)).toBe("held");
    expect(await sent(mine, 8 * MIB)).toBe("refused");
    // What is small gets in beside one's own large ones, too.
    expect(await sent(mine, 60_000)).toBe("held");
    expect(await sent("2001:db8:1:3::/64", MAX_BYTES)).toBe("held");
    letGo();
  });

  it("of one address in small bodies is at most half as well", async () => {
    hold();
    const count = BODY_LIMITS.addressMaxBytes / BODY_LIMITS.smallMaxBytes;
    for (let index = 0; index < count; index++)
      expect(await sent("192.0.2.1", BODY_LIMITS.smallMaxBytes)).toBe("held");
    expect(await sent("192.0.2.1", 1)).toBe("refused");
    expect(await sent("192.0.2.2", BODY_LIMITS.smallMaxBytes)).toBe("held");
    letGo();
  });

  it("is counted for all whose address is not known together, without a share", async () => {
    hold();
    for (let index = 0; index < 2; index++) expect(await sent(null, MAX_BYTES)).toBe("held");
    expect(await sent(null, 12 * MIB)).toBe("held");
    expect(await sent(null, MIB)).toBe("refused");
    expect(await sent(null, 60_000)).toBe("held");
    letGo();
  });

  it("counts a body that grows while it is read as what it becomes", async () => {
    hold();
    expect(await sent("192.0.2.1", 12 * MIB, FORM_WEIGHT)).toBe("held");
    expect(await sent("192.0.2.2", 12 * MIB, FORM_WEIGHT)).toBe("held");
    expect(await sent("192.0.2.3", 3 * MIB, FORM_WEIGHT)).toBe("refused");
    expect(await sent("192.0.2.3", BODY_LIMITS.smallMaxBytes, FORM_WEIGHT)).toBe("held");
    letGo();
    await vi.advanceTimersByTimeAsync(1);
    // Nothing of it is left in memory.
    expect(await sent("192.0.2.1", MAX_BYTES)).toBe(`all ${MAX_BYTES}`);
    expect(await sent("192.0.2.1", 12 * MIB, FORM_WEIGHT)).toBe(`all ${12 * MIB}`);
  });

  it.each([1, FORM_WEIGHT, 2.5])(
    "of one address is never more than half where a byte counts %d times: the largest body fits, alone",
    async (weight) => {
      hold();
      const largest = largestBodyBytes(weight);
      expect(await sent("192.0.2.1", largest, weight)).toBe("held");
      let inHandBytes = largest * weight;
      expect(await sent("192.0.2.1", BODY_LIMITS.smallMaxBytes + 1, weight)).toBe("refused");
      while ((await sent("192.0.2.1", BODY_LIMITS.smallMaxBytes, weight)) === "held")
        inHandBytes += BODY_LIMITS.smallMaxBytes * weight;
      expect(inHandBytes).toBeLessThanOrEqual(BODY_LIMITS.inHandMaxBytes / 2);
      expect(inHandBytes).toBeGreaterThan(
        BODY_LIMITS.inHandMaxBytes / 2 - BODY_LIMITS.smallMaxBytes * weight,
      );
      letGo();
      await vi.advanceTimersByTimeAsync(1);
      // One byte more never fits.
      expect(await sent("192.0.2.1", largest + 1, weight)).toBe("refused");
    },
  );

  it("is given back where what runs for it never goes on", async () => {
    held = new Promise(() => undefined);
    for (let index = 0; index < 2; index++) expect(await sent(`192.0.2.${index}`, MAX_BYTES)).toBe("held");
    held = Promise.resolve();
    expect(await sent("192.0.2.9", MAX_BYTES)).toBe("refused");
    await vi.advanceTimersByTimeAsync(BODY_LIMITS.heldMaxMs);
    expect(await sent("192.0.2.9", MAX_BYTES)).toBe(`all ${MAX_BYTES}`);
  });

  it("is at most 48 MiB, small bodies or not", async () => {
    hold();
    for (let index = 0; index < BODY_LIMITS.inHandMaxBytes / BODY_LIMITS.smallMaxBytes; index++)
      expect(await sent(`192.0.2.${index % 8}`, BODY_LIMITS.smallMaxBytes)).toBe("held");
    expect(await sent("192.0.2.9", 1)).toBe("refused");
    letGo();
    await vi.advanceTimersByTimeAsync(1);
    expect(await sent("192.0.2.9", 1)).toBe("all 1");
  });
});
