export const start = {
  title: "Get started",
  lead: "From a first task to a callback that your code can trust, in four steps.",
  test: "Start a free test",
  testLead:
    "A test task runs its whole life in a few seconds. It makes no video and costs nothing, and its callback is real.",
  testUrlHint: "Optional. We POST the result there.",
  receiver: "Test your receiver",
  verify: "Verify callbacks",
  verifyLead:
    "Any program that learns your URL can call it, so check each callback's signature. Put the secret into RINGBACK_WEBHOOK_SECRETS, then run one of these programs: each is complete, and tested.",
  language: "Receivers by language",
  download: "Download",
  noCode: "Use a no-code tool",
  noCodeLead: "Recipes with every field to fill in, and workflows to import.",
  more: "All steps: test your receiver, verify callbacks, use a no-code tool",
};
