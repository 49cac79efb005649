import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AccountStore } from "../../../../src/account-object/store.ts";
import { taskKey } from "../../../../src/domain/account/report.ts";
import { anEndpointSummary, aQueuedSummary, aReport, failedAttempts, T0 } from "../../../support/builders.ts";
import { AT_FIRST, DAY, EndpointAccount, FIRST, FIVE, goneAt, SECOND, tried } from "./endpoint-account.ts";

/*
 * scenario                                       requirement
 * a 410, told late, twice, or by two tasks       disabled once as `gone`, and not again once it is enabled
 * five days of failing                           disabled as `failing`: at an attempt that fails, or within the hour
 */

let account: EndpointAccount;
beforeEach(() => {
  account = new EndpointAccount();
});
afterEach(() => account.close());

const HOUR = 3_600_000;

describe("a registered endpoint", () => {
  it("that answers 410 is disabled, once, however often and by however many tasks it is told", () => {
    const reports = [tried("a", goneAt(9)), tried("b", goneAt(7)), tried("a", goneAt(9))];
    expect(account.transitions(reports, T0 + 20_000)).toEqual([
      { kind: "disabled", ...AT_FIRST, since: T0 + 9000, reason: "gone" },
    ]);
    expect(account.transitions([tried("c", goneAt(10))])).toEqual([]);
    expect(account.disabledOf()).toEqual({ reason: "gone", at: T0 + 20_000 });
    expect(account.disabledOf("ep_b")).toBeNull();
    expect(account.store.endpoints.receivers().map(({ isDisabled }) => isDisabled)).toEqual([true, false]);
  });

  it("that was enabled again is disabled by a newer 410 only", () => {
    account.transitions([tried("a", goneAt(9))]);
    account.enable(T0 + 60_000);
    const again = aReport(2, aQueuedSummary({ name: "a", endpoints: [anEndpointSummary(goneAt(9))] }));
    expect(account.transitions([again, tried("late", goneAt(59)), tried("as it was", goneAt(60))])).toEqual(
      [],
    );
    expect(account.disabledOf()).toBeNull();
    expect(account.transitions([tried("new", goneAt(61))], T0 + 61_500)).toMatchObject([
      { kind: "disabled", reason: "gone" },
    ]);
    expect(account.disabledOf()).toEqual({ reason: "gone", at: T0 + 61_500 });
  });

  it("at another URL is disabled by the 410 of an attempt that began since then only", () => {
    account.moveTo("https://endpoint.acme.com/moved", T0 + 60_000);
    expect(account.transitions([tried("late", goneAt(59)), tried("as it moved", goneAt(60))])).toEqual([]);
    expect(account.disabledOf()).toBeNull();
    expect(account.transitions([tried("new", goneAt(61))], T0 + 70_000)).toEqual([
      { kind: "disabled", ...AT_FIRST, since: T0 + 61_000, reason: "gone" },
    ]);
  });

  it("that fails is well with another URL, and is not disabled for what the one before has done for days", () => {
    expect(account.transitions(FIVE)).toHaveLength(1);
    account.moveTo("https://endpoint.acme.com/moved", T0 + 500_000);
    expect(account.since()).toBeNull();
    expect(account.store.judgeEndpoints(T0 + 6 * DAY)).toEqual([]);
    expect(account.disabledOf()).toBeNull();
  });

  it("that was disabled by hand stays so, and says nothing of how it does", () => {
    const manual = { reason: "manual" as const, at: T0 };
    account.register([{ ...FIRST, disabled: manual }, SECOND]);
    expect(account.transitions([...FIVE, tried("gone", goneAt(456))])).toEqual([]);
    account.store.judgeEndpoints(T0 + 30 * DAY);
    expect(account.disabledOf()).toEqual(manual);
  });

  it.each([
    { after: 5 * DAY - 1, is: null },
    { after: 5 * DAY, is: "failing" as const },
  ])("that has been failing for $after ms is disabled: $is", ({ after, is }) => {
    account.transitions(FIVE);
    const now = T0 + after;
    const failed = tried("late", { attempts: failedAttempts(after / 1000) });
    const ended = is === null ? [] : [{ kind: "disabled", ...AT_FIRST, since: T0, reason: "failing" }];
    expect(account.transitions([failed], now)).toEqual(ended);
    expect(account.disabledOf()).toEqual(is && { reason: is, at: now });
  });

  it("that has been failing for five days is disabled by the hourly run, without a report", () => {
    account.transitions(FIVE);
    expect(account.store.judgeEndpoints(T0 + 5 * DAY - 1)).toEqual([]);
    const again = new AccountStore(account.storage);
    expect(again.judgeEndpoints(T0 + 5 * DAY)).toEqual([
      { kind: "disabled", ...AT_FIRST, since: T0, reason: "failing" },
    ]);
    expect(again.judgeEndpoints(T0 + 6 * DAY)).toEqual([]);
    expect(new AccountStore(account.storage).endpoints.find(FIRST.id)?.disabled).toEqual({
      reason: "failing",
      at: T0 + 5 * DAY,
    });
  });

  it("that fails keeps the hourly run going, though no task is left, until it is disabled", async () => {
    account.transitions(FIVE);
    const retention = { now: T0 + HOUR, retentionMs: 1 };
    for (const { summary } of FIVE)
      if (summary) account.store.receiveAnswer(taskKey(summary), null, retention);
    account.storage.alarm = null;
    account.store.alarmFired();
    await account.store.endRun(retention, true);
    expect(account.storage.alarm).toBeGreaterThan(T0 + HOUR);
    account.store.judgeEndpoints(T0 + 5 * DAY);
    account.storage.alarm = null;
    account.store.alarmFired();
    await account.store.endRun({ now: T0 + 5 * DAY, retentionMs: 1 }, true);
    expect(account.storage.alarm).toBeNull();
    expect(new AccountStore(account.storage).endpoints.all()).toHaveLength(2);
  });
});
