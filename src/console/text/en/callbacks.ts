/** Why a delivery stopped, and what to do about an attempt that failed. */
export const callbacks = {
  stop: {
    receiver: "Not sent: the receiver answered 410 or 501 to another event of this task.",
    key: "Not sent: the provider does not know the key of this task.",
    endpoint:
      "Not sent: the endpoint was disabled or deleted. Deliver it again once the endpoint is enabled.",
  },
  leadsTo: "It redirects to",
  advice: {
    secret:
      "The receiver does not trust the request. Compare its secret with the one on the Webhooks page, verify the raw body and not the parsed one, and check whether it wants a header of its own (callback_headers).",
    n8nTest:
      "This is n8n's test URL, which works only while its editor listens. Use the production URL (/webhook/ in place of /webhook-test/) and activate the workflow.",
    notFound:
      "Nothing answers at this path. Check the path of the URL. In n8n, activate the workflow and use its production URL; in Zapier and Make, check that the hook still exists and is on.",
    method:
      "The receiver takes no POST here. Check that the URL is that of the webhook and not of a page; in n8n, set the node's HTTP method to POST.",
    tooLarge:
      "The receiver takes no body of this size. A callback has less than 20 KB: raise the limit of the receiver, or of the proxy before it.",
    body: "The receiver does not accept the body. Read what it said; no-code tools usually want the format flat, which is chosen when the task is created.",
    busy: "The receiver limits how many requests it takes. Ringback waits as long as the receiver asks; if this stays, raise the limit, or answer at once and queue the work.",
    gateway:
      "The proxy in front of the receiver got no answer from it. Check that the application behind it is running.",
    server:
      "The receiver failed while it handled the callback. Look into its log at this time; the webhook-id is the same on each attempt.",
    timeout:
      "Answer first, then work: answer 200 as soon as the signature is checked, and do the work in a queue or in the background.",
    redirect:
      "Create new tasks with the address that it leads to, and deliver this event there: What was sent, Deliver to another URL.",
    connection:
      "No connection came about. One of three is the usual cause: the host's name has no DNS record, nothing listens at the port (or a firewall blocks it), or the TLS certificate is expired, is for another name, or lacks its chain. From another network, curl -v with this URL says which.",
    gone: "The receiver wants no more callbacks of this task. In Make, a webhook that no scenario uses is switched off and answers 410: switch it on and deliver again.",
    notImplemented:
      "501 says that the receiver will never take this request, so Ringback stopped. Check the URL, then deliver again.",
    endpointDeleted:
      "An endpoint that you register again has a new id and receives later tasks only. To get this event, deliver it to another URL under What was sent.",
    urlRejected:
      "The rules of this deployment do not allow the URL any more. Deliver to another URL, or ask the operator.",
    headersRejected: "Create new tasks with other callback_headers, or deliver to another URL.",
    interrupted: "Nothing needs to be done: Ringback sends it again, and the webhook-id stays the same.",
    other: "Read what the receiver said, and look into its log at this time.",
  },
  /** Of an attempt at a registered endpoint. */
  endpoint: {
    reason: {
      redirect:
        "The receiver redirected to another URL. Ringback does not follow redirects; use the final URL as that of the endpoint.",
      gone: "The receiver answered 410 Gone, so Ringback disabled the endpoint.",
    },
    advice: {
      secret:
        "The receiver does not trust the request. Compare its secret with the one on the Webhooks page, verify the raw body and not the parsed one, and check whether it wants a header of its own, which you set on the endpoint's page.",
      body: "The receiver does not accept the body. Read what it said; no-code tools usually want the format flat, which you set on the endpoint's page for tasks created later.",
      redirect: "Set the address that it leads to as the URL of the endpoint, then deliver again.",
      gone: "In Make, a webhook that no scenario uses is switched off and answers 410. Switch the receiver on, enable the endpoint on its page, and deliver again.",
      notImplemented:
        "501 says that the receiver will never take this request, so Ringback stopped this delivery. Check the URL of the endpoint, then deliver again.",
      urlRejected:
        "The rules of this deployment do not allow the URL any more. Set another one on the endpoint's page, or ask the operator.",
      headersRejected: "Set other headers on the endpoint's page, then deliver again.",
    },
  },
  /** Of an attempt at another URL, which leaves the task's own callback as it is. */
  elsewhere: {
    reason: {
      redirect: "The receiver redirected to another URL. Ringback does not follow redirects.",
      gone: "The receiver answered 410 Gone.",
    },
    advice: {
      busy: "The receiver limits how many requests it takes. Wait a little, then deliver there again.",
      redirect: "Deliver to the address that it leads to.",
      gone: "This URL takes no more callbacks. The task's own callback stays as it is.",
      notImplemented:
        "501 says that this URL will never take the request. Check it, then deliver there again.",
      urlRejected:
        "The rules of this deployment do not allow this URL. Use another one, or ask the operator.",
      headersRejected: "Deliver there again with other headers.",
      interrupted:
        "Ringback does not send it there again by itself. If it did not arrive, deliver there again.",
    },
  },
  again: "Ringback tries again by itself.",
  afterwards: "Once the receiver works again, deliver again.",
};

/** The file of a video. */
export const video = {
  download: "Download",
  link: "Copy the link",
  until: "Usually available until about",
  gone: "The file is no longer available",
  goneLead: (life: string) =>
    `The provider usually keeps a file for about ${life} after the task has ended. Ringback has only its address.`,
  broken: "The file does not load. Most likely the provider has deleted it.",
  tryAnyway: "Try to open it",
};

/** A task of `test`. */
export const tests = {
  running: "The test is running",
};
