import { describe, expect, it } from "vitest";
import {
  ENDPOINTS_MAX,
  patched,
  registered,
  without,
  type EndpointChange,
} from "../../../../src/domain/endpoint/change.ts";
import type { Endpoint } from "../../../../src/domain/endpoint/endpoint.ts";
import { anEndpoint, T0 } from "../../../support/builders.ts";

/*
 * scenario                                     requirement (contract, Registered endpoints)
 * a URL that is new, known, one too many       201, 200 with the fields given, 409
 * each field, given or left out                a call changes what it names, and nothing else
 * another host                                 needs headers in the same call
 * enabled                                      true ends any disabling; false is `manual`
 * another URL, enabled again                   attempts from before say nothing of it any more
 */

const LATER = T0 + 60_000;
const SEALED = { sealed: "c2VhbGVk", names: ["x-key"] };

/** As many as there may be. */
const FULL = Array.from({ length: ENDPOINTS_MAX }, (_, index) =>
  anEndpoint({ id: `ep_${index}`, url: `https://hooks.acme.com/${index}` }),
);

function register(endpoints: readonly Endpoint[], change: EndpointChange & { url: string }) {
  return registered(endpoints, change, { id: "ep_new", now: LATER });
}

describe("registering", () => {
  it("a new URL adds an endpoint with the defaults of a callback", () => {
    const one = anEndpoint();
    const endpoint: Endpoint = {
      id: "ep_new",
      url: "https://n8n.acme.com/webhook/a",
      urlSince: LATER,
      events: ["video.succeeded", "video.failed"],
      format: "standard",
      headers: null,
      headerNames: [],
      description: null,
      createdAt: LATER,
      countsFrom: LATER,
      disabled: null,
    };
    expect(register([one], { url: endpoint.url })).toEqual({
      kind: "new",
      endpoint,
      endpoints: [one, endpoint],
    });
  });

  it("takes every field that is given", () => {
    const url = "https://n8n.acme.com/webhook/a";
    const change = { url, events: ["video.progress"], format: "flat", description: "n8n" } as const;
    expect(register([], { ...change, headers: SEALED })).toMatchObject({
      kind: "new",
      endpoint: { ...change, headers: SEALED.sealed, headerNames: SEALED.names },
    });
  });

  it("a known URL changes the endpoint that has it, in its place, and no field that is left out", () => {
    const known = anEndpoint({ headers: "old", headerNames: ["x-old"], description: "first" });
    const other = anEndpoint({ id: "ep_other", url: "https://other.acme.com/" });
    const endpoint = { ...known, format: "flat" as const };
    expect(register([known, other], { url: known.url, format: "flat" })).toEqual({
      kind: "known",
      endpoint,
      endpoints: [endpoint, other],
    });
    expect(register([known], { url: known.url })).toEqual({
      kind: "known",
      endpoint: known,
      endpoints: [known],
    });
  });

  it("a known URL leaves a disabled endpoint disabled", () => {
    const known = anEndpoint({ disabled: { reason: "gone", at: T0 } });
    expect(register([known], { url: known.url, description: "again" })).toMatchObject({
      endpoint: { description: "again", disabled: { reason: "gone", at: T0 } },
    });
  });

  it("one more than there may be is refused; a known one of a full account is not", () => {
    expect(register(FULL, { url: "https://hooks.acme.com/more" })).toEqual({ kind: "too_many" });
    expect(register(FULL.slice(1), { url: "https://hooks.acme.com/more" })).toMatchObject({ kind: "new" });
    expect(register(FULL, { url: FULL[4]?.url ?? "", format: "flat" })).toMatchObject({
      kind: "known",
      endpoint: { id: "ep_4", format: "flat" },
    });
  });
});

describe("patching", () => {
  const known = anEndpoint({ headers: "old", headerNames: ["x-old"], description: "first" });

  it.each<[EndpointChange, Partial<Endpoint>]>([
    [{}, {}],
    [{ url: known.url }, {}],
    [
      { url: "https://endpoint.acme.com/moved" },
      { url: "https://endpoint.acme.com/moved", urlSince: LATER, countsFrom: LATER },
    ],
    [{ events: ["video.running"] }, { events: ["video.running"] }],
    [{ format: "flat" }, { format: "flat" }],
    [{ description: "second" }, { description: "second" }],
    [{ description: null }, { description: null }],
    [{ headers: SEALED }, { headers: SEALED.sealed, headerNames: SEALED.names }],
    [{ headers: { sealed: null, names: [] } }, { headers: null, headerNames: [] }],
    [{ enabled: true }, {}],
    [{ enabled: false }, { disabled: { reason: "manual", at: LATER } }],
  ])("%j changes what it names, and nothing else", (change, expected) => {
    const other = anEndpoint({ id: "ep_other", url: "https://other.acme.com/" });
    const endpoint = { ...known, ...expected };
    expect(patched([other, known], known.id, change, LATER)).toEqual({
      kind: "patched",
      endpoint,
      endpoints: [other, endpoint],
    });
  });

  it.each<[url: string, isElsewhere: boolean]>([
    ["https://endpoint.acme.com/other?x=1", false],
    ["https://endpoint.acme.com:8443/hook", true],
    ["https://acme.com/hook", true],
    ["https://endpoint.acme.com.evil.example.net/", true],
  ])("a URL at another host needs headers in the same call: %s", (url, isElsewhere) => {
    const bare = patched([known], known.id, { url }, LATER);
    expect(bare.kind).toBe(isElsewhere ? "headers_required" : "patched");
    for (const headers of [SEALED, { sealed: null, names: [] }])
      expect(patched([known], known.id, { url, headers }, LATER)).toMatchObject({
        kind: "patched",
        endpoint: { url, headers: headers.sealed },
      });
  });

  it("needs them also where it had none", () => {
    const bare = anEndpoint();
    const change = { url: "https://elsewhere.acme.com/" };
    expect(patched([bare], bare.id, change, LATER)).toEqual({ kind: "headers_required" });
  });

  it("a URL of another endpoint is refused; its own is not", () => {
    const other = anEndpoint({ id: "ep_other", url: "https://endpoint.acme.com/other" });
    expect(patched([known, other], known.id, { url: other.url }, LATER)).toEqual({ kind: "url_taken" });
    expect(patched([known, other], known.id, { url: known.url }, LATER)).toMatchObject({ kind: "patched" });
  });

  it("an id that is not there is missing", () => {
    expect(patched([known], "ep_none", {}, LATER)).toEqual({ kind: "missing" });
  });

  it.each(["gone", "failing", "manual"] as const)("enabled ends a disabling: %s", (reason) => {
    const disabled = anEndpoint({ disabled: { reason, at: T0 } });
    expect(patched([disabled], disabled.id, { enabled: true }, LATER)).toMatchObject({
      endpoint: { disabled: null, countsFrom: LATER },
    });
    const stays = patched([disabled], disabled.id, { format: "flat" }, LATER);
    expect(stays).toMatchObject({ endpoint: { disabled: { reason, at: T0 } } });
  });

  it("disabling by hand is `manual`, since the first time", () => {
    const gone = anEndpoint({ disabled: { reason: "gone", at: T0 } });
    expect(patched([gone], gone.id, { enabled: false }, LATER)).toMatchObject({
      endpoint: { disabled: { reason: "manual", at: LATER } },
    });
    const manual = anEndpoint({ disabled: { reason: "manual", at: T0 } });
    expect(patched([manual], manual.id, { enabled: false }, LATER)).toMatchObject({
      endpoint: { disabled: { reason: "manual", at: T0 } },
    });
  });
});

describe("deleting", () => {
  it("leaves the others; an id that is not there is null", () => {
    expect(without(FULL, "ep_3")?.map(({ id }) => id)).toEqual(
      FULL.map(({ id }) => id).filter((id) => id !== "ep_3"),
    );
    expect(without(FULL, "ep_none")).toBeNull();
  });
});
