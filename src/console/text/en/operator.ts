/** Pages of an operator: the accounts of a deployment. */
export const operator = {
  title: "Accounts",
  lead: "Choose an account to look into its tasks and callbacks, and to deliver again.",
  account: "Account",
  change: "All accounts",
  open: (name: string) => `Open ${name}`,
  unfinished: "Unfinished",
  failedTasks: "Failed tasks",
  failedCallbacks: "Failed callbacks",
  failing: "Failing receivers",
  silent: "This account did not answer. Reload the page in a moment.",
  more: "More accounts",
};
