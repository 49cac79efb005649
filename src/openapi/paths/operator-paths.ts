import type { AccountList } from "../../contract/shapes/operator.ts";
import { ACCOUNTS_QUERY } from "../../http/operator/accounts-schema.ts";
import { ACCOUNT_HEADER, OPERATOR_CALLS } from "../../http/operator/open-calls.ts";
import { STATS } from "../examples.ts";
import { requestSchema, type JsonSchema } from "../json-schema.ts";
import { parameter, query, type Paths } from "../operation.ts";
import { answer, errors } from "../responses.ts";

/** What an operator asks of a deployment, and which of the callers' calls an operator may make. */

const { tasks, deliveries, hosts } = STATS;
const ACCOUNTS: AccountList = {
  object: "list",
  data: [
    { name: "acme", tasks, deliveries, hosts },
    { name: "silent", tasks: null, deliveries: null, hosts: null },
  ],
  next_cursor: null,
};

const accountsQuery = requestSchema(ACCOUNTS_QUERY)["properties"] as Record<string, JsonSchema>;

export const OPERATOR_SECURITY: Record<string, JsonSchema> = {
  operator: {
    type: "http",
    scheme: "bearer",
    description: `A token of \`RINGBACK_OPERATOR_KEYS\`; \`${ACCOUNT_HEADER}\` names the account that the call is about.`,
  },
};

export const OPERATOR_PARAMETERS: Record<string, JsonSchema> = {
  account: {
    name: ACCOUNT_HEADER,
    in: "header",
    description: "The account that an operator's token calls for. With any other token it is refused.",
    schema: { type: "string", pattern: "^[A-Za-z0-9._-]{1,64}$" },
  },
};

export const OPERATOR_PATHS: Paths = {
  "/v1/operator/accounts": {
    get: {
      operationId: "listAccounts",
      summary: "List the accounts",
      description:
        "The names of `RINGBACK_KEYS`, each with what its own `/v1/stats` says. The numbers are null where an account does " +
        "not answer within two seconds.",
      tags: ["Operator"],
      security: [{ operator: [] }],
      parameters: [
        query("limit", "How many on a page; 20 if left out.", accountsQuery["limit"] ?? {}),
        query("cursor", "The `next_cursor` of the page before.", { type: "string" }),
      ],
      responses: {
        "200": answer("One page.", "AccountList", { examples: { page: { value: ACCOUNTS } } }),
        ...errors(["invalid_request"]),
      },
    },
  },
};

/** The paths, with what the calls take that an operator may make. */
export function openToOperators(paths: Paths): Paths {
  const opened = Object.entries(paths).map(([path, methods]) => {
    const operations = Object.entries(methods).map(([method, operation]) => {
      const isOpen = `${method.toUpperCase()} ${path}` in OPERATOR_CALLS;
      const parameters = [...(operation.parameters ?? []), parameter("account")];
      const security = [{ bearer: [] }, { operator: [] }];
      return [method, isOpen ? { ...operation, parameters, security } : operation] as const;
    });
    return [path, Object.fromEntries(operations)] as const;
  });
  return Object.fromEntries(opened);
}
