/**
 * What a client address is counted as: an IPv4 address as it is, an IPv6 address by its /64, because that is what one
 * customer of a network gets: 18 quintillion addresses would be as many limits. Null: no address.
 */
export function clientNetwork(header: string): string | null {
  // Of several addresses the nearest proxy has added the last; the others may be a client's claims.
  const text = header.slice(header.lastIndexOf(",") + 1).trim();
  const bare = /^"?\[([^\]]*)\](?::\d+)?"?$/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d+$/, "$1");
  return bare.includes(":") ? networkV6(bare) : addressV4(bare);
}

function addressV4(text: string): string | null {
  if (!/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return null;
  const numbers = text.split(".").map(Number);
  return numbers.every((number) => number <= 255) ? numbers.join(".") : null;
}

function networkV6(text: string): string | null {
  const address = `http://[${text.replace(/%.*$/, "")}]`;
  if (!URL.canParse(address)) return null;
  // In one spelling by now: lower case, the longest run of zeros left out, no dots.
  const [head = "", tail] = new URL(address).hostname.slice(1, -1).split("::");
  const first = groups(head);
  const last = tail === undefined ? [] : groups(tail);
  const all = [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
  const isMapped = all.slice(0, 5).every((group) => group === 0) && all[5] === 0xffff;
  if (isMapped)
    return all
      .slice(6)
      .flatMap((group) => [group >> 8, group & 255])
      .join(".");
  return `${all
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

function groups(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}
