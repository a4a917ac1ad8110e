// Shows times in the reader's zone, and swaps in what the server sends about this page.

const clock = { hour: "2-digit", minute: "2-digit" }, day = { weekday: "short", day: "numeric", month: "short" };
const forms = {
  clock,
  exact: { ...clock, second: "2-digit" },
  short: { ...day, ...clock },
  full: { ...day, ...clock, year: "numeric", second: "2-digit" },
  day,
};

function rough(milliseconds) {
  const minutes = Math.floor(Math.abs(milliseconds) / 60000), hours = Math.floor(minutes / 60) % 24;
  const parts = minutes >= 1440 ? [[Math.floor(minutes / 1440), "d"], [hours, "h"]] : [[hours, "h"], [minutes % 60, "min"]];
  return parts.filter(([amount]) => amount).map((part) => part.join(" ")).join(" ") || "less than 1 min";
}

function showTimes(selector, within = document) {
  for (const element of within.querySelectorAll(selector)) {
    const at = new Date(element.dateTime), form = forms[element.dataset.form];
    element.textContent = form ? at.toLocaleString("en-GB", form) : rough(Date.now() - at);
  }
}

showTimes("time[data-form]");
setInterval(() => showTimes("time[data-form=since], time[data-form=until]"), 20000);
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
document.getElementById("zone").textContent = `Times are in your zone, ${zone}; point at one to see UTC.`;

// --- The stream of this page: fragments come by the ids of their elements.
const line = document.getElementById("live"), page = document.body.dataset.live;
const SILENCE = 40000;
let beat = 0, brokenSince = null, source = null, wait = 1000;

function swap(id, html) {
  const old = document.getElementById(id), made = document.createElement("template");
  made.innerHTML = html;
  if (!old) return;
  const fresh = made.content.firstElementChild, focused = old.contains(document.activeElement) ? document.activeElement : null;
  const path = focused && (focused.id ? `#${CSS.escape(focused.id)}` : focused.matches("[href]") ? `[href="${CSS.escape(focused.getAttribute("href"))}"]` : null);
  for (const open of old.querySelectorAll("details[open][id]")) fresh.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute("open", "");
  showTimes("time[data-form]", fresh);
  old.replaceWith(fresh);
  if (path) fresh.querySelector(path)?.focus({ preventScroll: true });
}

function broken() {
  source.close();
  brokenSince ??= new Date();
  line.className = "broken";
  line.textContent = `Not live since ${brokenSince.toLocaleTimeString("en-GB", clock)}. What you see may be old.`;
  setTimeout(connect, wait);
  wait = Math.min(2 * wait, 15000);
}

function connect() {
  const have = [...document.querySelectorAll("[data-version]")].map((each) => `${each.id}:${each.dataset.version}`);
  source = new EventSource(`/live?${new URLSearchParams({ page, have: have.join() })}`);
  beat = Date.now();
  source.onerror = broken;
  source.onmessage = (message) => {
    beat = Date.now();
    Object.entries(JSON.parse(message.data)).forEach(([id, html]) => swap(id, html));
    if (line.className !== "live") [line.className, line.textContent] = ["live", "Live: changes appear by themselves."];
    brokenSince = null;
    wait = 1000;
  };
}

if (page) {
  connect();
  setInterval(() => source.readyState !== EventSource.CLOSED && Date.now() - beat > SILENCE && broken(), 5000);
}
