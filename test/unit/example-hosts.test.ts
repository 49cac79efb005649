import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../dev/bundle.ts";
import { BUILT_IN } from "../../src/profiles/built-in.ts";
import { openApiDocument } from "../../src/openapi/document.ts";

/** No example sends to a real host: a host in an example is a reserved name, or that of a product which is meant. */

/** RFC 2606 and RFC 6761, and the machine itself. */
const RESERVED = /(?:^|\.)(?:example\.(?:com|net|org)|example|invalid|test|localhost|127\.0\.0\.1)$/;

const MEANT: Record<string, string> = {
  "api.aiearth.dev": "the upstream",
  "www.standardwebhooks.com": "the standard of the signatures",
  "www.npmjs.com": "a package's page",
  "github.com": "where the reader's own copy is",
  "deploy.workers.cloudflare.com": "the deploy button",
  "developers.cloudflare.com": "the platform's documents",
  "hooks.zapier.com": "where every Zap's own hook is",
  "hook.eu1.make.com": "where every scenario's own webhook is",
  "hooks.slack.com": "where every workspace's incoming webhooks are",
  "api.slack.com": "where Slack says how to make one",
  "proxy.scalar.com": "named as a reason against it",
  "www.w3.org": "the namespace of a drawing",
  "www.rfc-editor.org": "the standard of JSON Pointers",
};

/** Those of the built-in profiles, which the list of them shows. */
const UPSTREAMS = new Set(Array.from(BUILT_IN.values(), ({ base_url: url }) => url && new URL(url).hostname));

const URL_HOST = /\b(?:https?|wss?):\/\/([^\s/?#"'`<>(){}$\\,;…]+)/gi;
const BARE_HOST =
  /(?<![\w./@-])((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:com|net|org|io|dev|app|ai|cn|co|eu|me|info))(?![\w-])/gi;

function hostsIn(text: string): string[] {
  const found = [...text.matchAll(URL_HOST), ...text.matchAll(BARE_HOST)].map(([, host = ""]) => host);
  return found.map((host) => host.replace(/^.*@/, "").replace(/:\d*$/, "").replace(/\.$/, "").toLowerCase());
}

function strangers(text: string): string[] {
  return [...new Set(hostsIn(text))].filter(
    (host) => !RESERVED.test(host) && !(host in MEANT) && !UPSTREAMS.has(host),
  );
}

const READ = ["docs", "src/openapi", "src/client", "src/console/text", "public"];
const ALONE = ["README.md", "SECURITY.md", "wrangler.toml", ".dev.vars.example"];
const files = [
  ...ALONE,
  ...READ.flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => relative(root, join(parentPath, name))),
  ),
];

describe("the hosts of what readers copy", () => {
  it("are sought in everything that they read", () => {
    expect(files.length).toBeGreaterThan(50);
    expect(strangers("see https://hooks.acme.com/x, http://user@acme.dev:8080 and acme.org.")).toEqual([
      "hooks.acme.com",
      "acme.dev",
      "acme.org",
    ]);
  });

  it.each(files)("are reserved or meant in %s", (file) => {
    expect(strangers(readFileSync(`${root}${file}`, "utf8"))).toEqual([]);
  });

  it("are so in the OpenAPI document", () => {
    const text = JSON.stringify(openApiDocument());
    expect(hostsIn(text)).toContain("hooks.example.com");
    expect(strangers(text)).toEqual([]);
  });
});
