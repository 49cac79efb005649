/**
 * The tables of a task. Each is created with its first row: a task without a callback never pays for the tables of
 * deliveries. Documents are JSON, so a field that is added later is absent in old rows and must have a default.
 */
export const TABLES = {
  /** One row: the task and its poll schedule; sealed: the upstream key, the callback headers, the last answer. */
  task: `CREATE TABLE IF NOT EXISTS task (id INTEGER PRIMARY KEY, doc TEXT NOT NULL, key BLOB, headers BLOB, answer BLOB)`,
  /** The request body, sealed in pieces under the row limit, only until the upstream has accepted it. */
  part: `CREATE TABLE IF NOT EXISTS part (id INTEGER PRIMARY KEY, sealed BLOB NOT NULL)`,
  /** One row per event with its message; the body never changes. */
  message: `CREATE TABLE IF NOT EXISTS message (seq INTEGER PRIMARY KEY, body TEXT NOT NULL, doc TEXT NOT NULL)`,
  /** One row per attempt, written before its request leaves. */
  attempt: `CREATE TABLE IF NOT EXISTS attempt (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, doc TEXT NOT NULL)`,
  /** Creates that were given up: should one arrive late, it is refused. */
  refused: `CREATE TABLE IF NOT EXISTS refused (id INTEGER PRIMARY KEY, create_id TEXT NOT NULL, at INTEGER NOT NULL)`,
  /** What is left of a deleted task that had an idempotency key, so that a repeat is told and not paid again. */
  deleted: `CREATE TABLE IF NOT EXISTS deleted (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL, until INTEGER NOT NULL)`,
  /** A deleted task that its account has not forgotten yet. */
  farewell: `CREATE TABLE IF NOT EXISTS farewell (id INTEGER PRIMARY KEY, name TEXT NOT NULL, account TEXT NOT NULL, created_at INTEGER NOT NULL)`,
} as const;

export type TableName = keyof typeof TABLES;
