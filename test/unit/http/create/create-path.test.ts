import { describe, expect, it } from "vitest";
import { findCreatePath } from "../../../../src/http/create/create-path.ts";
import { ark } from "../../../../src/profiles/built-in/ark.ts";
import { runway } from "../../../../src/profiles/built-in/runway.ts";
import { veo } from "../../../../src/profiles/built-in/veo.ts";
import { WITHOUT_SETTINGS } from "../../../../src/task-object/alarm.ts";
import { anUpstream } from "../../../support/builders.ts";

/*
 * scenario                                  requirement (design.md, Other upstreams)
 * each path of a profile                    one that its profile lists
 * any other, and one that only looks so     compared as it came: one with %, \, // or a query is 404
 */

const profiles = { ark, runway, veo };
const settings = {
  ...WITHOUT_SETTINGS,
  upstreams: [
    anUpstream(),
    ...Object.entries(profiles).map(([name, profile]) => anUpstream({ name, profile })),
  ],
};
const find = (rest: string) => findCreatePath(`https://ringback.acme.com/v1/upstreams${rest}`, settings);

describe("a create's URL", () => {
  it.each([
    ["/ark/api/v3/contents/generations/tasks", "ark", {}],
    ["/runway/v1/video_upscale", "runway", {}],
    [
      "/veo/v1beta/models/veo-3.1-generate.preview_2:predictLongRunning",
      "veo",
      { model: "veo-3.1-generate.preview_2" },
    ],
  ])("names its upstream and its path: %s", (rest, name, params) => {
    const path = rest.slice(name.length + 1);
    for (const end of ["", "/"]) {
      expect(find(rest + end)).toMatchObject({ path, params, upstream: { name } });
    }
    expect(findCreatePath(`http://127.0.0.1:8787/v1/upstreams${rest}`, settings)).toMatchObject({ path });
  });

  const ARK = "/ark/api/v3/contents/generations/tasks";
  it.each([
    "",
    "/",
    "/ark",
    "/ark/",
    "/aio/videos",
    "/kling/v1/videos",
    "/constructor/videos",
    `${ARK}//`,
    `${ARK}?`,
    `${ARK}?a=1`,
    `${ARK}#a`,
    `${ARK}/cgt-1`,
    ARK.replace("/tasks", "//tasks"),
    ARK.replace("/tasks", "\\tasks"),
    ARK.replace("/tasks", "/./tasks"),
    ARK.replace("/tasks", "/x/../tasks"),
    ARK.replace("/tasks", "/%2e%2e/generations/tasks"),
    ARK.replace("tasks", "%74asks"),
    ARK.replace("tasks", "Tasks"),
    ARK.replace("/ark", "/Ark"),
    ARK.replace("/ark", "//ark"),
    ARK.replace("/ark", "/%61rk"),
    ARK.replace("/ark", "/runway"),
    "/veo/v1beta/models/..:predictLongRunning",
    "/veo/v1beta/models/:predictLongRunning",
    "/veo/v1beta/models/a%2Fb:predictLongRunning",
    "/veo/v1beta/models/a/b:predictLongRunning",
    `/veo/v1beta/models/${"a".repeat(201)}:predictLongRunning`,
    "/veo/v1beta/models/é:predictLongRunning",
    "/veo/v1beta/models/{model}:predictLongRunning",
  ])("is none: %s", (rest) => {
    expect(find(rest)).toBeNull();
  });
});
