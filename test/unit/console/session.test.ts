import { describe, expect, it } from "vitest";
import { openSession, sealSession, SESSION_MS } from "../../../src/console/session.ts";
import { seal } from "../../../src/keys/seal.ts";
import { T0 } from "../../support/builders.ts";

const ROOT = "the current root secret, long enough";
const PREVIOUS = "the previous root secret, also long";
const session = { bearer: "sk-the-bearer", expiresAt: T0 + SESSION_MS, account: null };

describe("a session", () => {
  it("opens under the secret that sealed it until its time is over", async () => {
    const cookie = await sealSession(ROOT, session);
    expect(cookie).toMatch(/^[\w-]+$/);
    expect(await openSession([ROOT], cookie, T0)).toEqual(session);
    expect(await openSession(["another root secret, long enough", ROOT], cookie, T0)).toEqual(session);
    expect(await openSession([ROOT], cookie, session.expiresAt - 1)).toEqual(session);
    expect(await openSession([ROOT], cookie, session.expiresAt)).toBeNull();
    expect(await openSession([PREVIOUS], cookie, T0)).toBeNull();
  });

  it("fits into a cookie with the longest bearer", async () => {
    const cookie = await sealSession(ROOT, { ...session, bearer: "k".repeat(2800) });
    expect(`__Host-ringback-session=${cookie}`.length).toBeLessThan(4096);
    expect((await openSession([ROOT], cookie, T0))?.bearer).toHaveLength(2800);
  });

  it("does not open with any one character changed, cut off or added", async () => {
    const cookie = await sealSession(ROOT, session);
    for (let index = 0; index < cookie.length; index++) {
      const other = cookie[index] === "x" ? "y" : "x";
      const changed = cookie.slice(0, index) + other + cookie.slice(index + 1);
      // The last character of base64 may have bits that stand for nothing.
      const sameBytes = Buffer.from(changed, "base64url").equals(Buffer.from(cookie, "base64url"));
      expect(await openSession([ROOT], changed, T0)).toEqual(sameBytes ? session : null);
      expect(await openSession([ROOT], cookie.slice(0, index), T0)).toBeNull();
    }
    expect(await openSession([ROOT], `${cookie}AAAA`, T0)).toBeNull();
  });

  it("is nothing that a task has sealed, under the same root", async () => {
    const bytes = new TextEncoder().encode(JSON.stringify([session.expiresAt, session.bearer]));
    const sealed = await seal(ROOT, { task: "console", purpose: "session" }, bytes);
    expect(await openSession([ROOT], Buffer.from(sealed).toString("base64url"), T0)).toBeNull();
  });

  it.each(["", "a", "=", "AAAA", "Ünicode", "a".repeat(7000), "\0", "__proto__"])(
    "is not %j",
    async (cookie) => {
      expect(await openSession([ROOT], cookie, T0)).toBeNull();
    },
  );
});
