import { DurableObject } from "cloudflare:workers";

/**
 * What the tasks of one upstream key share. Declared here so that its class exists from the first deployment on;
 * the forecast and the pacing are not written yet, and nothing calls it.
 */
export class CadenceObject extends DurableObject<Env> {}
