// Comfort only: every page works without this file.
"use strict";

document.documentElement.classList.add("with-script");

const clockText = (s) => `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;

for (const clock of document.querySelectorAll("[data-seconds]")) {
  const endsAt = Date.now() + Number(clock.dataset.seconds) * 1000;
  const announcement = clock.id === "session-clock" ? document.getElementById("announcement") : null;
  const timer = setInterval(() => {
    const left = Math.max(0, Math.round((endsAt - Date.now()) / 1000));
    clock.textContent = clockText(left);
    if (announcement && (left === 120 || left === 30)) announcement.textContent = `The session ends in ${left} seconds.`;
    if (left > 0) return;
    clearInterval(timer);
    if (clock.dataset.then) location.assign(clock.dataset.then);
  }, 1000);
}

const { poll, state, go } = document.body.dataset;
if (poll) {
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await (await fetch(poll)).json();
      if (answer.state !== state) location.assign(go);
    } catch {
      // The next round asks again.
    }
  }, 2000);
}

for (const form of document.querySelectorAll("[data-send-after-s]")) {
  setTimeout(() => form.requestSubmit(), Number(form.dataset.sendAfterS) * 1000);
}
