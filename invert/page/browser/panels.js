// A picture that turns into another: the slider says how far, the buttons into which. What is said
// at each position lies in the page.
function turnPicture(morph) {
  const { mix, lines } = JSON.parse(morph.dataset.morph);
  const slider = morph.querySelector(".way");
  const pressed = [...morph.querySelectorAll(".picks button")]
    .findIndex((button) => button.getAttribute("aria-pressed") === "true");
  const way = Math.max(0, pressed);
  const line = lines[way][slider.value];
  morph.style.setProperty("--row", way + 1);
  morph.style.setProperty("--mix", mix[slider.value]);
  morph.querySelector(".said").textContent = line;
  slider.setAttribute("aria-valuetext", line);
  const told = morph.querySelectorAll("[aria-live] > div");
  told.forEach((sentence, number) => { sentence.hidden = number !== way; });
}

addEventListener("input", (event) => {
  if (event.target.matches?.(".morph .way")) turnPicture(event.target.closest(".morph"));
});

addEventListener("click", (event) => {
  const button = event.target.closest?.(".picks button");
  if (!button) return;
  for (const other of button.parentElement.children) {
    other.setAttribute("aria-pressed", other === button);
  }
  const morph = button.closest(".morph");
  const slider = morph.querySelector(".way");
  if (slider.value === slider.min) slider.value = slider.max; // at the start all are one
  turnPicture(morph);
});

// A click on an image of the ladder presses the unseen choice that opens it on Generate.
addEventListener("click", (event) => {
  const opens = event.target.closest?.("[data-opens]")?.dataset.opens;
  if (!opens) return;
  for (const button of document.querySelectorAll(".st-key-ladder-opens button")) {
    if (button.textContent.trim() === opens) button.click();
  }
});

// Code that is wider than its place can be scrolled by keys as well.
whenThere("[data-testid=stCode] pre", (pre) => { pre.tabIndex = 0; });
