/** The form of a create in the words of another upstream. */
export const raw = {
  title: "New task at another provider",
  lead: "The provider's own request, unchanged. Ringback watches the task and calls you back.",
  ways: "How to describe the task",
  form: "By form",
  others: "Other providers",
  target: "Provider and path",
  targetHint: "The requests that each provider takes.",
  name: (name: string) => `{${name}} of the path`,
  nameHint: "Up to 200 letters, digits, dots, underscores and hyphens.",
  body: "Request body",
  bodyHint: "A JSON object, as the provider's documents describe it. The callback has its own fields below.",
};
