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
