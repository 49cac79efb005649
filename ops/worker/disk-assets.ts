/** What `dist/public` holds; workerd's disk service knows no types. */
const TYPES: Record<string, string> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  woff2: "font/woff2",
};

/** A folder as the assets binding of the platform: files by their exact names, with their types. */
export function diskAssets(folder: Fetcher): {
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;
} {
  return {
    async fetch(url, init) {
      const { pathname } = new URL(url);
      const type = TYPES[/\.([a-z0-9]+)$/.exec(pathname)?.[1] ?? ""];
      // Without a known ending it may be a folder, which the disk service would list.
      if (type === undefined) return new Response(null, { status: 404 });
      const found = await folder.fetch(new URL(pathname, "http://disk"), { method: init?.method ?? "GET" });
      if (found.status !== 200) {
        await found.body?.cancel();
        return new Response(null, { status: 404 });
      }
      return new Response(found.body, { headers: { "content-type": type } });
    },
  };
}
