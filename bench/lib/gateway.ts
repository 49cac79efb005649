import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The simulated gateway in a process of its own, so that its work is not on the load generator's account. */
export async function startGatewayProcess(
  args: readonly string[],
): Promise<{ baseUrl: string; pid: number; close(): Promise<void> }> {
  const program = fileURLToPath(new URL("../../dev/gateway.ts", import.meta.url));
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const line = await new Promise<string>((resolve) => lines.once("line", resolve));
  // Whatever it goes on to print must not fill the pipe.
  lines.on("line", () => undefined);
  const baseUrl = /http:\/\/\S+/.exec(line)?.[0] ?? "";
  return {
    baseUrl,
    pid: child.pid ?? 0,
    close: async () => {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill();
      await gone;
    },
  };
}
