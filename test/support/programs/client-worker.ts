import { CallbackError, Ringback, verifyCallback } from "ringback-client";

interface ConsumerEnv {
  BASE_URL: string;
  API_KEY: string;
}

/**
 * A Worker that installed the client: `/start?callback_url=` creates and waits; it verifies every `POST` as a callback.
 */
export default {
  async fetch(request: Request, env: ConsumerEnv): Promise<Response> {
    const ringback = new Ringback({ baseUrl: env.BASE_URL, apiKey: env.API_KEY });
    if (request.method === "GET") {
      const callbackUrl = new URL(request.url).searchParams.get("callback_url") ?? "";
      const task = await ringback.create({
        model: "doubao-seedance-2-0-260128",
        prompt: "A lighthouse.",
        callback_url: callbackUrl,
      });
      return Response.json(await ringback.wait(task.task_id));
    }
    try {
      const { secret } = await ringback.secrets();
      const { type } = await verifyCallback(await request.text(), request.headers, secret);
      return new Response(type);
    } catch (error) {
      if (error instanceof CallbackError) return new Response(error.reason, { status: 400 });
      throw error;
    }
  },
};
