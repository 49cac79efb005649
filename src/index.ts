import { app } from "./app.ts";

export { AccountObject } from "./account-object/object.ts";
export { CadenceObject } from "./cadence-object/object.ts";
export { TaskObject } from "./task-object/object.ts";

export default { fetch: app.fetch } satisfies ExportedHandler<Env>;
