import { keepLive } from "./live.js";
import { localise } from "./local-times.js";
import { offerCopying } from "./copy.js";
import { sendFormsOnce, takeTypedAlong } from "./forms.js";
import { watchVideos } from "./video.js";

// All of it is comfort: every page can be read and every form be sent without.
localise(document);
offerCopying(document);
keepLive();
sendFormsOnce();
takeTypedAlong();
watchVideos();

/** How long a page says what a button did, in milliseconds; after that its address is the page's own again. */
const SAID_MS = 6000;
const address = new URL(location.href);
if (address.searchParams.has("said")) {
  for (const name of ["said", "at"]) address.searchParams.delete(name);
  setTimeout(() => history.replaceState(null, "", address), SAID_MS);
}
