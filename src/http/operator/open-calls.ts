/** Names the account that an operator calls for. */
export const ACCOUNT_HEADER = "Ringback-Account";

/** What an operator may do in a caller's account. */
export interface OperatorCall {
  /** The only fields that the call's body may give; left out: any. */
  onlyFields?: readonly string[];
  /** Fields that it may not give: what is sent goes to the stored receivers. */
  notFields?: readonly string[];
}

/** By the names of the OpenAPI document. A call that does not stand here is forbidden, so a new route begins so. */
export const OPERATOR_CALLS: Readonly<Record<string, OperatorCall>> = {
  "GET /v1/videos": {},
  "GET /v1/videos/{id}": {},
  "DELETE /v1/videos/{id}": {},
  "GET /v1/videos/{id}/events": {},
  "GET /v1/videos/{id}/deliveries": {},
  "GET /v1/videos/{id}/deliveries/{message_id}": {},
  "POST /v1/videos/{id}/redeliver": { notFields: ["callback_url"] },
  "GET /v1/webhooks/endpoints": {},
  "GET /v1/webhooks/endpoints/{id}": {},
  "PATCH /v1/webhooks/endpoints/{id}": { onlyFields: ["enabled"] },
  "GET /v1/webhooks/recoveries": {},
  "POST /v1/webhooks/recoveries": { notFields: ["callback_url"] },
  "GET /v1/webhooks/recoveries/{id}": {},
  "GET /v1/stats": {},
};
