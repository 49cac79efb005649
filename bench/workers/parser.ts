/** What a Worker does without a bound: it parses what it is sent, and says whether it could. */
export default {
  fetch: async (request: Request): Promise<Response> => {
    if (request.method !== "POST") return new Response("ok");
    const { model } = JSON.parse(await request.text()) as { model: unknown };
    return new Response(typeof model, { status: 202 });
  },
};
