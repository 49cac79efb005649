import { startSourceServer } from "./source-server.ts";

/** The server in a process of its own, so that 300 MB of its work delay nothing else. Says where on its only line. */
console.log((await startSourceServer()).origin);
