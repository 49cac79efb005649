import { app } from "./app.ts";

export { AccountObject } from "./account/object.ts";
export { CadenceObject } from "./cadence/object.ts";
export { TaskObject } from "./task/object.ts";

export default { fetch: app.fetch } satisfies ExportedHandler<Env>;
