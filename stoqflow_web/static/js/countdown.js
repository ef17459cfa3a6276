// What is marked data-countdown holds its words of now and all to come: {"at": a moment, "turns": [[since, tone, words], …]},
// moments in seconds since 1970. Here they are said in time, with {short} and {long} for the time between `at` and now. The
// words come from the server (<meta name="countdown">), and so does the time: the clock of a packing table is often wrong.
const EVERY = 30_000;
const given = document.querySelector("meta[name=countdown]");

if (given) {
  const words = JSON.parse(given.content);
  const ahead = Number(given.dataset.now) - Date.now() / 1000;
  const tick = () => tellAll(document, words, Date.now() / 1000 + ahead);
  setInterval(tick, EVERY);
  document.addEventListener("visibilitychange", tick); // after the night: browsers let hidden pages sleep
}

function tellAll(root, words, now) {
  for (const element of root.querySelectorAll("[data-countdown]")) {
    const { at, turns } = JSON.parse(element.dataset.countdown);
    const [, tone, said] = turns.findLast(([since]) => since <= now) ?? turns[0];
    const seconds = Math.abs(at - now);
    tell(element, tone, said.replace("{short}", short(seconds, words)).replace("{long}", long(seconds, words)));
  }
}

function tell(element, tone, said) {
  if (element.textContent !== said) element.textContent = said;
  if (element.classList.contains("pill")) element.className = `pill pill--${tone}`;
  else element.classList.toggle("danger-text", tone === "danger");
}

function long(seconds, words) {
  if (seconds >= 86_400 || seconds < 3_600) return short(seconds, words);
  return words.both.replace("{hours}", Math.floor(seconds / 3_600)).replace("{minutes}", Math.floor((seconds % 3_600) / 60));
}

function short(seconds, words) {
  const days = Math.floor(seconds / 86_400);
  if (days === 1) return words.day;
  if (days) return words.days.replace("{number}", days);
  if (seconds >= 3_600) return words.hours.replace("{number}", Math.floor(seconds / 3_600));
  return words.minutes.replace("{number}", Math.max(Math.floor(seconds / 60), 1));
}
