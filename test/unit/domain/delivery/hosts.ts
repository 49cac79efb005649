import fc from "fast-check";

/** Generators of hosts: addresses of a range, and the many ways to write an address or a name into a URL. */

/** IPv4 addresses of a range (`10.0.0.0/8`), as numbers. */
export function v4In(range: string): fc.Arbitrary<number> {
  const [base = "", bits = "32"] = range.split("/");
  const first = base.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return fc.integer({ min: first, max: first + 2 ** (32 - Number(bits)) - 1 });
}

/** Decimal, octal or hexadecimal, with zeros before it. */
function numberSpelled(value: number, { radix, zeros }: { radix: number; zeros: number }): string {
  const spellings = [
    String(value),
    `0${"0".repeat(zeros)}${value.toString(8)}`,
    `0x${"0".repeat(zeros)}${value.toString(16)}`,
    `0X${value.toString(16).toUpperCase()}`,
  ];
  return spellings[radix % 4] ?? "";
}

/** Every notation that URL parsers know: one to four parts, each in any radix, dressed up as `written` does. */
export function v4Spelled(addresses: fc.Arbitrary<number>): fc.Arbitrary<string> {
  const part = fc.record({ radix: fc.nat(3), zeros: fc.nat(3) });
  const parts = fc.array(part, { minLength: 1, maxLength: 4 });
  return written(
    fc.tuple(addresses, parts).map(([address, spellings]) => {
      const last = spellings.length - 1;
      return spellings
        .map((spelling, index) => {
          const byte = Math.floor(address / 256 ** (3 - index)) % 256;
          return numberSpelled(index < last ? byte : address % 256 ** (4 - last), spelling);
        })
        .join(".");
    }),
  );
}

/** Eight groups of an address such as `64:ff9b::`. */
function groupsOf(address: string): number[] {
  const [before = "", after] = address.split("::");
  const parse = (text = "") =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const [head, tail] = [parse(before), parse(after)];
  return after === undefined
    ? head
    : [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** IPv6 addresses of a range (`fe80::/10`), as eight groups. */
export function v6In(range: string): fc.Arbitrary<number[]> {
  const [base = "", bits = "128"] = range.split("/");
  const group = fc.nat(0xffff);
  return fc.tuple(group, group, group, group, group, group, group, group).map((random) =>
    groupsOf(base).map((fixed, index) => {
      const free = 0xffff >> Math.min(Math.max(Number(bits) - index * 16, 0), 16);
      return (fixed & ~free) | ((random[index] ?? 0) & free);
    }),
  );
}

/** IPv6 addresses that carry an IPv4 one at the place where this kind has it. */
export function embeddedV4(
  kind: string,
  prefix: string,
  addresses: fc.Arbitrary<number>,
): fc.Arbitrary<number[]> {
  return addresses.map((address) => {
    const groups = groupsOf(prefix);
    // Teredo has it with every bit turned round.
    const bits = kind === "in Teredo" ? ~address >>> 0 : address;
    groups.splice(kind === "in 6to4" ? 1 : 6, 2, Math.floor(bits / 65_536), bits % 65_536);
    return groups;
  });
}

/** Full, short, in upper case, with leading zeros, with its last 32 bits as IPv4. */
export function v6Spelled(addresses: fc.Arbitrary<number[]>): fc.Arbitrary<string> {
  const style = fc.record({
    padded: fc.boolean(),
    upper: fc.boolean(),
    dotted: fc.boolean(),
    short: fc.boolean(),
  });
  return fc.tuple(addresses, style).map(([groups, { padded, upper, dotted, short }]) => {
    const hex = groups.map((group) => group.toString(16).padStart(padded ? 4 : 1, "0"));
    const tail = groups.slice(6).flatMap((group) => [group >> 8, group & 255]);
    const shown = dotted ? [...hex.slice(0, 6), tail.join(".")] : hex;
    const text = shown.join(":");
    const shortened =
      short && !padded ? text.replace(/(?:^|:)0(?::0)+(?=:|$)/, "::").replace(":::", "::") : text;
    return `[${upper ? shortened.toUpperCase() : shortened}]`;
  });
}

const DOTS = [".", "。", "．", "｡", "%2e", "%2E", "%E3%80%82"];

/** The same host in other characters: upper case, full width, percent-encoded, other dots, one more at the end. */
export function written(hosts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const ways = fc.array(fc.nat(9), { minLength: 1, maxLength: 12 });
  return fc.tuple(hosts, ways, fc.boolean()).map(([host, choices, dot]) => {
    const characters = Array.from(dot ? `${host}.` : host, (character, index) => {
      const way = choices[index % choices.length] ?? 0;
      if (character === ".") return DOTS[way] ?? ".";
      if (character > "~") return character;
      if (way === 7) return character.toUpperCase();
      if (way === 8) return String.fromCodePoint((character.codePointAt(0) ?? 0) + 0xfee0);
      return way === 9 ? `%${character.codePointAt(0)?.toString(16)}` : character;
    });
    return characters.join("");
  });
}
