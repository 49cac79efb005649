import { OverloadedError } from "../domain/errors/unavailable.ts";

/** An object's answer, if it comes in time. @throws OverloadedError if it does not, or fails: the caller tries later */
export async function inTime<T>(patienceMs: number, answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const impatience = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), patienceMs);
  });
  try {
    return await Promise.race([answer, impatience]);
  } catch (error) {
    throw new OverloadedError("an object did not answer", { cause: error });
  } finally {
    if (timer !== null) clearTimeout(timer);
  }
}
