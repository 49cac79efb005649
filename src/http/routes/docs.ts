import { staticFile } from "./static-file.ts";

/** The OpenAPI document: a file that was made when Ringback was built. */
export const openApi = staticFile({ file: "/openapi.json" });
