/** Says in place of a player that its file does not load. */
export function watchVideos() {
  // An error of a medium does not bubble, but it can be caught on its way down.
  document.addEventListener("error", ({ target }) => show(target), true);
  // The file may have failed before this script ran.
  for (const video of document.querySelectorAll("[data-video] video")) if (video.error) show(video);
}

function show(video) {
  if (!(video instanceof HTMLVideoElement)) return;
  // A connection that breaks while it plays says nothing about the file.
  if (video.error?.code !== MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED) return;
  const card = video.closest("[data-video]");
  if (card === null) return;
  video.hidden = true;
  for (const words of card.querySelectorAll("[data-broken]")) words.hidden = false;
  for (const words of card.querySelectorAll("[data-available]")) words.hidden = true;
}
