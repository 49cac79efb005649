/** Ways to say `Retry-After` (RFC 9110, 10.2.3), right and wrong, made when they are sent: a date depends on it. */

/** Milliseconds; unreadable; or hours and more, which Ringback does not wait for. */
export type Meaning = number | "unreadable" | "long";

const HOUR_MS = 3_600_000;
const http = (at: number) => new Date(at).toUTCString();
/** `Monday, 23-Nov-26 12:00:09 GMT`. */
const rfc850 = (at: number) => {
  const [, day, month, year = "", time] = http(at).split(" ");
  const weekday = new Intl.DateTimeFormat("en", { weekday: "long", timeZone: "UTC" }).format(at);
  return `${weekday}, ${day}-${month}-${year.slice(2)} ${time} GMT`;
};
/** `Mon Nov 23 12:00:09 2026`. */
const asctime = (at: number) => {
  const [weekday = "", day = "", month, year, time] = http(at).split(" ");
  return `${weekday.slice(0, 3)} ${month} ${day.replace(/^0/, " ")} ${time} ${year}`;
};

/** A date 3 s after the answer's own, whose clock is off by so much. */
const skewed =
  (offMs: number, form = http) =>
  () => {
    const at = Math.floor((Date.now() + offMs) / 1000) * 1000;
    return { date: http(at), "retry-after": form(at + 3000) };
  };
const plain = (value: string) => () => ({ "retry-after": value });

export const SPELLINGS: [name: string, headers: () => Record<string, string>, meaning: Meaning][] = [
  ["3", plain("3"), 3000],
  ["003", plain("003"), 3000],
  ["3 between spaces", plain(" \t3  "), 3000],
  ["2.5", plain("2.5"), 2500],
  ["0", plain("0"), 0],
  ["0.0", plain("0.0"), 0],
  ["1000000000", plain("1000000000"), "long"],
  ["400 digits", plain("9".repeat(400)), "long"],
  // Read by our own clock, up to a tenth of a second later.
  ["a date without a Date to compare", () => ({ "retry-after": http(Date.now() + 4099) }), 3000],
  ["a date by a right clock", skewed(0), 3000],
  ["a date by a clock 5 hours behind", skewed(-5 * HOUR_MS), 3000],
  ["a date by a clock 5 hours ahead", skewed(5 * HOUR_MS), 3000],
  ["a date by a clock in 1971", skewed(Date.UTC(1971, 0, 1) - Date.now()), 3000],
  ["a date by a clock in 2099", skewed(Date.UTC(2099, 0, 1) - Date.now()), 3000],
  ["a date of RFC 850 by a clock an hour ahead", skewed(HOUR_MS, rfc850), 3000],
  ["a date of asctime by a clock an hour behind", skewed(-HOUR_MS, asctime), 3000],
  ["a date in lower case", skewed(HOUR_MS, (at) => http(at).toLowerCase()), 3000],
  [
    "our time, by a clock 5 hours ahead",
    () => ({ date: http(Date.now() + 5 * HOUR_MS), "retry-after": http(Date.now() + 9000) }),
    0,
  ],
  [
    "our time, by a clock 5 hours behind",
    () => ({ date: http(Date.now() - 5 * HOUR_MS), "retry-after": http(Date.now() + 3000) }),
    "long",
  ],
  ["a date with a Date of words", () => ({ date: "today", "retry-after": http(Date.now() + 4099) }), 3000],
  ["a date of the past", skewed(-HOUR_MS, (at) => http(at - 100_000)), 0],
  ["a date of 1970", plain("Thu, 01 Jan 1970 00:00:00 GMT"), 0],
  ["a date of 9999", plain("Fri, 31 Dec 9999 23:59:59 GMT"), "long"],
  ["nothing at all", () => ({}), "unreadable"],
  ["an empty text", plain(""), "unreadable"],
  // Each would be a long wait if it were read.
  ["-9", plain("-9"), "unreadable"],
  ["+9", plain("+9"), "unreadable"],
  ["1e9", plain("1e9"), "unreadable"],
  ["0x10", plain("0x10"), "unreadable"],
  ["Infinity", plain("Infinity"), "unreadable"],
  ["9 seconds", plain("9 seconds"), "unreadable"],
  ["soon", plain("soon"), "unreadable"],
  ["two at once", plain("9\r\nretry-after: 9"), "unreadable"],
  ["full-width digits", plain("９"), "unreadable"],
  ["a date that is none", plain("Mon, 99 Foo 2026 12:00:00 GMT"), "unreadable"],
  ["a date of ISO 8601", () => ({ "retry-after": new Date(Date.now() + 9000).toISOString() }), "unreadable"],
];
