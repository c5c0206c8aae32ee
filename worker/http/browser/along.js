// ---- Reading along: the word that is heard is marked ------------------------------------------

let marked = []; // {start, end, node}, seconds

/** Shows the words of a result; where it has no times of words, its segments. */
function showWords({ words, segments }) {
  marked = (words?.length ? words : segments).map(({ text, start, end }) => ({ start, end, node: line("span", text) }));
  el("along").replaceChildren(...marked.flatMap(({ node }) => [node, " "]));
}

/** Marks the word at `seconds`, or none where that is null. */
function markWord(seconds) {
  const now = seconds === null ? undefined : marked.findLast(({ start }) => start <= seconds);
  for (const word of marked) {
    if (word === now) word.node.setAttribute("aria-current", "true");
    else word.node.removeAttribute("aria-current");
  }
}

/** Follows whatever plays: the sound as it comes, or the finished result. */
function follow() {
  const audio = el("audio");
  const replayed = audio.paused ? null : audio.currentTime;
  markWord(replayed ?? live?.position() ?? null);
  requestAnimationFrame(follow);
}
