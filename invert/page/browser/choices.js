// Keys 0 to 9 choose the digit to generate, except where one types.
addEventListener("keydown", (event) => {
  if (!/^[0-9]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.composedPath()[0].closest?.("input:not([type=range]), textarea, [contenteditable]")) return;
  for (const button of document.querySelectorAll(".st-key-digit button")) {
    if (button.textContent.trim() === event.key) button.click();
  }
});

// A click on a generated image presses the unseen button that has the left side read it.
addEventListener("click", (event) => {
  const sender = event.target.closest?.(".send")?.dataset.sender;
  if (!sender) return;
  document.querySelector(`.st-key-${sender} button`)?.click();
  const left = document.querySelector(".stTabs"); // the first; on a phone it is out of view
  if (left.getBoundingClientRect().top >= 0) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  left.scrollIntoView({ behavior: still ? "auto" : "smooth" });
});
