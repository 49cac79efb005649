/** Frees the connection of an answer whose body is not needed: an unread body holds it. */
export function discardBody(response: Response): void {
  // The other side may have closed already; then there is nothing to give back.
  response.body?.cancel().catch(() => undefined);
}
