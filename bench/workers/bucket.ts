import type { BucketCounts } from "../cost/counts.ts";

/**
 * A bucket that counts its calls as the platform bills them, takes a while for each, and drops what it is given. Only what a
 * copy calls is there. Source: https://developers.cloudflare.com/r2/pricing, class A and class B.
 */
export function countingBucket(answerMs: number): { bucket: R2Bucket; counts: () => BucketCounts } {
  const counted: BucketCounts = { writes: 0, reads: 0, bytes: 0 };
  const answered = async <T>(answer: T): Promise<T> =>
    new Promise((resolve) => setTimeout(() => resolve(answer), answerMs));
  const write = async <T>(answer: T): Promise<T> => {
    counted.writes += 1;
    return answered(answer);
  };
  const upload = {
    uploadPart: async (partNumber: number, { byteLength }: ArrayBufferView) => {
      counted.bytes += byteLength;
      return write({ partNumber, etag: "" });
    },
    complete: async () => write({}),
    // Free.
    abort: async () => answered(undefined),
  };
  const bucket = {
    head: async () => {
      counted.reads += 1;
      return answered(null);
    },
    put: async (_key: string, body: ReadableStream<Uint8Array>) => {
      const bytes = await drained(body);
      counted.bytes += bytes;
      return write({});
    },
    createMultipartUpload: async () => write(upload),
    // Free.
    delete: async () => answered(undefined),
  };
  return { bucket: bucket as unknown as R2Bucket, counts: () => ({ ...counted }) };
}

/** With a memory of its own: read in another way a stream of the runtime's comes in pieces of 4 KB. */
async function drained(body: ReadableStream<Uint8Array>): Promise<number> {
  const reader = body.getReader({ mode: "byob" });
  let bytes = 0;
  for (let memory = new ArrayBuffer(262_144); ;) {
    const { value } = await reader.readAtLeast(memory.byteLength, new Uint8Array(memory));
    if (value === undefined || value.byteLength === 0) return bytes;
    bytes += value.byteLength;
    memory = value.buffer;
  }
}
