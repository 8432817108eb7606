// What pages gain from scripts; each works without.
const dialog = document.getElementById("dialog");
const account = document.querySelector("details.account");

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== dialog || dialog.open) return;
  dialog.showModal();
  // Or htmx focuses it.
  dialog.querySelector("[autofocus]").removeAttribute("autofocus");
});

document.addEventListener("click", (event) => {
  if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
  const copy = event.target.closest("[data-copy]");
  if (copy) copyText(copy);
  if (!account?.contains(event.target)) account?.removeAttribute("open");
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !account?.open) return;
  account.open = false;
  account.querySelector("summary").focus();
});

async function copyText(button) {
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

// Presets fill the amount, amounts mark their preset.
document.addEventListener("input", ({ target }) => {
  const form = target.form;
  if (!form?.matches(".add-credits")) return;
  if (target.name === "preset") {
    form.amount.value = target.value;
    form.amount.dispatchEvent(new Event("input", { bubbles: true }));
  }
  if (target.name === "amount") {
    const plain = target.value.replace(/[₹,\s]|\.00?$/g, "");
    for (const preset of form.elements.preset) preset.checked = preset.value === plain;
  }
});

// One click, one form: the button rests for 10 s, or until Back.
document.addEventListener("submit", (event) => {
  const button = event.target.dataset.once && event.submitter;
  if (!button || button.value === "preview") return;
  const words = button.textContent;
  const wake = () => { button.disabled = false; button.textContent = words; };
  setTimeout(() => { button.disabled = true; button.textContent = event.target.dataset.once; });
  setTimeout(wake, 10000);
  addEventListener("pageshow", wake, { once: true });
});

// To the gateway, unless Back leads here.
addEventListener("pageshow", (event) => {
  const isReturn = event.persisted || performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (!isReturn) document.querySelector("form[data-autosubmit]")?.requestSubmit();
});

// Polls rest unseen; a lost connection is told.
let seen = new Date();
const lost = document.getElementById("connection");
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.detail.elt.matches("[data-poll]")) event.preventDefault();
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.successful) return;
  seen = new Date();
  lost.hidden = true;
});
document.addEventListener("htmx:sendError", () => {
  document.getElementById("connection-since").textContent = seen.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  lost.hidden = false;
});
