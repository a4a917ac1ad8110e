// Plays the recordings of a meeting in step with its transcript.

import { folded, placesOf } from "./phrases.js";

const find = (name) => document.querySelector(`[data-${name}]`);
const all = (name, within = document) => [...within.querySelectorAll(`[data-${name}]`)];

const list = find("segments");
const media = all("from");
const segments = list ? all("t", list) : [];
const starts = segments.map((each) => Number(each.dataset.t));
const heads = all("playhead");
const [input, count, speaker, resume, copied] = ["phrase", "count", "speaker", "resume", "copied"].map(find);

let [active, marked, timer, follows, scrolls] = [media[0], null, 0, true, false];

// Time: that of the transcript, which counts from the beginning of the first recording.

function from(recording) {
  if (recording.dataset.from) return Number(recording.dataset.from);
  return media.slice(0, media.indexOf(recording)).reduce((sum, each) => sum + (each.duration || 0), 0);
}

const now = () => (active ? from(active) + active.currentTime : 0);

function seekIn(recording, seconds, plays) {
  if (recording !== active) active.pause();
  [recording.playbackRate, recording.volume] = [active.playbackRate, active.volume];
  for (const each of media) each.closest("figure").hidden = each !== recording;
  active = recording;
  active.currentTime = Math.max(seconds, 0);
  if (plays) active.play().catch(() => {});
}

function seek(seconds, plays) {
  const recording = media.findLast((each) => from(each) <= seconds + 0.01) ?? media[0];
  seekIn(recording, seconds - from(recording), plays);
  follow(true);
}

function mark() {
  clearTimeout(timer);
  const at = now() + 0.05;
  let [low, next] = [0, starts.length];
  while (low < next) {
    const middle = (low + next) >> 1;
    if (starts[middle] <= at) low = middle + 1;
    else next = middle;
  }
  const current = segments[next - 1] ?? null;
  if (current !== marked) {
    for (const each of list.querySelectorAll("[aria-current]")) each.removeAttribute("aria-current");
    current?.setAttribute("aria-current", "true");
    marked = current;
    if (follows && current) reveal(current);
  }
  for (const each of heads) for (const end of ["x1", "x2"]) each.setAttribute(end, at);
  if (active && !active.paused && next < starts.length) {
    timer = setTimeout(mark, Math.max(((starts[next] - at) / active.playbackRate) * 1000, 20));
  }
}

media.forEach((each, number) => {
  for (const kind of ["timeupdate", "seeked", "play", "ratechange"]) {
    each.addEventListener(kind, () => each === active && mark());
  }
  each.addEventListener("ended", () => number + 1 < media.length && seekIn(media[number + 1], 0, true));
});

// Following: until the reader scrolls or searches.

function follow(does) {
  follows = does;
  if (resume) resume.hidden = does || !active;
  if (does && marked) reveal(marked);
}

function reveal(segment) {
  const [box, line] = [list.getBoundingClientRect(), segment.getBoundingClientRect()];
  const wanted = list.scrollTop + line.top - box.top - Math.max((list.clientHeight - line.height) / 2, 0);
  const top = Math.round(Math.min(Math.max(wanted, 0), list.scrollHeight - list.clientHeight));
  const way = Math.abs(top - list.scrollTop);
  if (way < 2) return;
  scrolls = true;
  list.scrollTo({ top, behavior: way > list.clientHeight ? "instant" : "auto" });
}

list?.addEventListener("scrollend", () => (scrolls = false));
list?.addEventListener("scroll", () => scrolls || follow(false));
for (const kind of ["wheel", "touchmove"]) list?.addEventListener(kind, () => follow(false), { passive: true });
resume?.addEventListener("click", () => follow(true));

// Searching: marks are ranges of text, so that a phrase needs no element.

let [hits, chosen, texts] = [[], -1, null];

function rangeOf({ segment, start, end }) {
  const text = segments[segment].lastChild;
  return new StaticRange({ startContainer: text, startOffset: start, endContainer: text, endOffset: end });
}

function search() {
  texts ??= segments.map((each) => folded(each.lastChild.data));
  const wanted = folded(input.value.trim().replace(/\s+/g, " ")).text;
  hits = [];
  texts.forEach((text, segment) => {
    if (segments[segment].hidden) return;
    for (const [start, end] of placesOf(wanted, text)) hits.push({ segment, start, end });
  });
  CSS.highlights.set("hit", new Highlight(...hits.slice(0, 5000).map(rangeOf)));
  choose(Math.max(hits.findIndex((each) => starts[each.segment] >= now()), 0));
}

function choose(number) {
  chosen = hits.length ? (number + hits.length) % hits.length : -1;
  CSS.highlights.set("hit-chosen", new Highlight(...hits.slice(chosen, chosen + 1).map(rangeOf)));
  count.textContent = hits.length ? `${chosen + 1} of ${hits.length}` : input.value.trim() ? "Not found" : "";
  if (!hits.length) return;
  follow(false);
  reveal(segments[hits[chosen].segment]);
}

function filter() {
  for (const each of segments) each.hidden = speaker.value !== "" && each.dataset.speaker !== speaker.value;
  if (input.value.trim()) search();
}

input?.addEventListener("input", search);
input?.addEventListener("keydown", (event) => {
  if (event.key === "Enter") choose(chosen + (event.shiftKey ? -1 : 1));
});
input?.form.addEventListener("submit", (event) => event.preventDefault());
speaker?.addEventListener("change", filter);
find("previous")?.addEventListener("click", () => choose(chosen - 1));
find("next")?.addEventListener("click", () => choose(chosen + 1));

// Pointer and keyboard.

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || !active) return;
  const track = event.target.closest("[data-duration]");
  const segment = event.target.closest("[data-t]");
  if (track) {
    const box = track.getBoundingClientRect();
    seek(((event.clientX - box.left) / box.width) * Number(track.dataset.duration), true);
  } else if (segment && getSelection().isCollapsed) {
    event.preventDefault();
    seek(Number(segment.dataset.t), true);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, video, audio")) return;
  if (event.key === "/" && input) {
    event.preventDefault();
    input.focus();
  } else if (event.key === " " && active && !event.target.closest("a, button, summary")) {
    event.preventDefault();
    if (active.paused) seekIn(active, active.currentTime, true);
    else active.pause();
  } else if ((event.key === "ArrowLeft" || event.key === "ArrowRight") && active) {
    event.preventDefault();
    seek(Math.max(now() + (event.key === "ArrowLeft" ? -5 : 5), 0), false);
  }
});

find("speed")?.addEventListener("change", (event) => (active.playbackRate = Number(event.target.value)));

find("copy")?.addEventListener("click", async () => {
  const link = new URL(location.href);
  link.hash = "";
  for (const name of ["q", "speaker"]) link.searchParams.delete(name);
  link.searchParams.set("t", Math.floor(now()));
  const isCopied = await navigator.clipboard?.writeText(link.href).then(() => true, () => false);
  if (!isCopied) history.replaceState(null, "", link);
  copied.textContent = isCopied ? "Copied" : "The link is in the address bar";
});

for (const each of all("scripted")) each.hidden = false;
if (active) seek(Number(new URLSearchParams(location.search).get("t")) || 0, false);
if (list) filter();
