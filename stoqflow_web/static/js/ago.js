// <time datetime data-ago> goes on saying how long ago that was, in the words of the server and by its clock.
const EVERY = 5_000;
const given = document.querySelector("meta[name=countdown]");

if (given) {
  const words = JSON.parse(given.dataset.agoWords);
  const ahead = Number(given.dataset.now) - Date.now() / 1000;
  setInterval(() => {
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const said = ago(Date.now() / 1000 + ahead - Date.parse(time.dateTime) / 1000, words);
      if (time.textContent !== said) time.textContent = said;
    }
  }, EVERY);
}

function ago(seconds, words) {
  if (seconds < 1) return words.now;
  if (seconds < 60) return words.seconds.replace("{number}", Math.floor(seconds));
  if (seconds < 3_600) return words.minutes.replace("{number}", Math.floor(seconds / 60));
  if (seconds < 86_400) return words.hours.replace("{number}", Math.floor(seconds / 3_600));
  const days = Math.floor(seconds / 86_400);
  return days === 1 ? words.day : words.days.replace("{number}", days);
}
