// Keys: 0 to 9 choose the digit to draw, P shows the canvas and the film alone. Not where one types.
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.composedPath()[0].closest?.("input:not([type=range]), textarea, [contenteditable]")) return;
  if (event.key.toLowerCase() === "p") document.body.classList.toggle("projector");
  if (!/^[0-9]$/.test(event.key)) return;
  for (const button of document.querySelectorAll(".st-key-digit button")) {
    if (button.textContent.trim() !== event.key) continue;
    document.activeElement?.blur(); // or what was clicked before gets a frame, now that keys are used
    button.click();
  }
});

// A click on an image that was drawn presses the unseen button that has the left side read it.
addEventListener("click", (event) => {
  const sender = event.target.closest?.(".send")?.dataset.sender;
  if (!sender) return;
  document.querySelector(`.st-key-${sender} button`)?.click();
  showSide("reads");
  const left = document.querySelector(".stTabs"); // the first; on a phone it may be out of view
  if (left.getBoundingClientRect().top >= 0) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  left.scrollIntoView({ behavior: still ? "auto" : "smooth" });
});

// More: what it shows lies below and covers nothing. A large screen shows it at once.
addEventListener("click", (event) => {
  const more = event.target.closest?.(".more[data-more]");
  if (!more) return;
  const open = document.body.classList.toggle(`more-${more.dataset.more}`);
  more.setAttribute("aria-expanded", open);
});
// The page makes the button anew where what stands beside it changes.
whenThere(".more[data-more]", (more) => {
  more.setAttribute("aria-expanded", document.body.classList.contains(`more-${more.dataset.more}`));
});

// On a phone or a tablet one side is shown at a time: "It reads" or "It draws".
function showSide(side) {
  document.body.classList.toggle("draws", side === "draws");
  for (const button of document.querySelectorAll(".sides button")) {
    button.setAttribute("aria-pressed", button.dataset.side === side);
  }
}
addEventListener("click", (event) => {
  const side = event.target.closest?.(".sides button")?.dataset.side;
  if (side) showSide(side);
});

// Share: the address holds every choice and the drawing. What it cannot hold, the left side says.
addEventListener("click", async (event) => {
  const button = event.target.closest?.(".share");
  if (!button) return;
  const said = button.parentElement.querySelector("[role=status]");
  try {
    await copy(location.href);
    const leftOut = document.querySelector("[data-left-out]")?.dataset.leftOut;
    button.textContent = said.textContent = leftOut ? `Copied without ${leftOut}` : "Link copied";
  } catch {
    button.textContent = said.textContent = "Copy it from the address bar";
  }
  setTimeout(() => { button.textContent = "Share"; said.textContent = ""; }, 2500);
});

// Browsers give the clipboard to secure pages alone; elsewhere a selection is copied.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (!copied) throw new Error("not copied");
}
