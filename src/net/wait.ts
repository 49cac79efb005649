/** Settles after that long. Tests in Node run it too, so it is no `scheduler.wait`, which only workerd has. */
export async function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
