import { describe, expect, it } from "vitest";
import { fileName, openFileName } from "../../../../src/domain/files/address.ts";
import { fileEtag, isNoneMatch, isRangeValid } from "../../../../src/domain/files/etag.ts";
import { MEDIA_ENDINGS } from "../../../../src/contract/words.ts";
import { isMediaType } from "../../../../src/domain/files/media-type.ts";

/*
 * scenario                                      requirement
 * If-None-Match: a tag, a list, `*`, weak       RFC 9110, 13.1.2
 * If-Range: the tag, a weak one, a date         RFC 9110, 13.1.5; contract: by etag only
 * an address that is no FILE_ID.EXT             contract, Kept files: 404
 */

const ID = "abcdefghijklmnopqrstuvwx23";
const ETAG = fileEtag(ID);

describe("If-None-Match", () => {
  it.each([
    ETAG,
    `W/${ETAG}`,
    "*",
    " * ",
    `"other", ${ETAG}`,
    `"a,b" ,W/${ETAG}`,
    `${ETAG},"other"`,
    `"other",${ETAG},`,
  ])("%s names the file", (header) => {
    expect(isNoneMatch(header, ETAG)).toBe(true);
  });

  it.each([null, "", ID, '"other"', `W/"other"`, `"${ID}`, `"x${ID}"`, `"${ID}x"`, '"*"', "W/*"])(
    "%j does not",
    (header) => {
      expect(isNoneMatch(header, ETAG)).toBe(false);
    },
  );
});

describe("If-Range", () => {
  it.each([null, ETAG, ` ${ETAG} `])("%j lets the range count", (header) => {
    expect(isRangeValid(header, ETAG)).toBe(true);
  });

  it.each(["", `W/${ETAG}`, '"other"', ID, "*", `${ETAG}, "other"`, "Wed, 21 Oct 2026 07:28:00 GMT"])(
    "%j does not",
    (header) => {
      expect(isRangeValid(header, ETAG)).toBe(false);
    },
  );
});

describe("the address of a kept file", () => {
  it.each(Object.keys(MEDIA_ENDINGS).filter((one) => isMediaType(one)))(
    "of the type %s is read back",
    (type) => {
      expect(openFileName(fileName(ID, type))).toEqual({ fileId: ID, ending: MEDIA_ENDINGS[type] });
    },
  );

  it.each([
    "",
    ID,
    `${ID}.`,
    `${ID}.exe`,
    `${ID}.html`,
    `${ID}.MP4`,
    `${ID}.mp4.html`,
    `${ID}.mp4\n`,
    `${ID}..mp4`,
    `${ID.toUpperCase()}.mp4`,
    `${ID}x.mp4`,
    `${ID.slice(1)}.mp4`,
    `../${ID}.mp4`,
    `${ID.slice(1)}1.mp4`,
    `${ID}.constructor`,
    "task_abcdefghijklmnopqrstuvw.mp4",
  ])("is not %j", (name) => {
    expect(openFileName(name)).toBeNull();
  });
});
