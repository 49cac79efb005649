/** An object that sets an alarm, or takes it back, and writes nothing. */
export const ALARMS_WORKER = `
export class Alarms {
  constructor({ storage }) { this.storage = storage; }
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/set") await this.storage.setAlarm(Date.now() + 3_600_000);
    if (pathname === "/unset") await this.storage.setAlarm(Date.now() + 3_600_000).then(() => this.storage.deleteAlarm());
    return new Response(String(await this.storage.getAlarm()));
  }
  alarm() {}
}
export default {
  fetch: (request, { ALARMS }) => {
    const name = new URL(request.url).pathname === "/unset" ? "unset" : "set";
    return ALARMS.get(ALARMS.idFromName(name)).fetch(request);
  },
};
`;
export const ALARMS_CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main), (name = "store", disk = (path = "store", writable = true))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed "index.js")],
  compatibilityDate = "2026-10-20",
  bindings = [(name = "ALARMS", durableObjectNamespace = "Alarms")],
  durableObjectNamespaces = [(className = "Alarms", uniqueKey = "alarms", enableSql = true)],
  durableObjectStorage = (localDisk = "store"),
);
`;
