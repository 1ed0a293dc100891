// The canvas. It lies inside a shadow root, where the page's style sheet has no say. Its own toolbar
// is hidden; the buttons under the canvas press it, so that Clear too can be undone.
const CANVAS_STYLE = `
  .dc-root { display: flex; flex-direction: column; }
  .dc-container { border-radius: 4px; }
  .dc-canvas { outline-color: rgb(0 0 0 / .25); border-radius: 4px; cursor: crosshair; }
  .dc-toolbar { display: none !important; }
  .tools { display: flex; gap: .5rem; padding: .5rem 0 0; zoom: calc(1 / var(--enlarged, 1)); }
  .tools button { flex: 1; padding: .35rem .5rem; font: inherit; font-size: .87rem; cursor: pointer;
    color: var(--st-text-color); background: none; border: 1px solid var(--st-border-color);
    border-radius: .5rem; min-height: 2.1rem; }
  @media (pointer: coarse) { .tools button { min-height: 44px; } }
  .tools button:disabled { opacity: .45; cursor: default; }
  .tools button:hover:not(:disabled) { color: var(--st-primary-color); border-color: var(--st-primary-color); }
  .tools button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
  @media (prefers-color-scheme: dark) { .dc-scroll { filter: invert(.9); } }`;
const COMPONENTS_NAMES = { Undo: "Undo", Redo: "Redo", Clear: "Reset canvas & history" };
const MOST_STROKES = 1000;
// How many strokes Clear has taken away and Undo can bring back at once; and the other way round.
const tools = { root: null, cleared: 0, restored: 0 };
// Strokes that stood there at first, from a link or a button, the server takes away and brings back.
const byServer = (name) => Number(document.querySelector(".reading")?.dataset[name] ?? 0);

const componentsButton = (name) =>
  [...tools.root.querySelectorAll(".dc-icon-button")].find((b) => b.title === COMPONENTS_NAMES[name]);
const can = (name) => componentsButton(name)?.disabled === false;
const cover = () => document.querySelector(".given:not(.lifted)");

// Pressed one after the other: each takes away, or brings back, one stroke.
async function pressAll(name, most) {
  let count = 0;
  while (can(name) && count < most) {
    componentsButton(name).click();
    count += 1;
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  }
  return count;
}

async function useTool(name) {
  const { cleared, restored } = tools;
  Object.assign(tools, { cleared: 0, restored: 0 });
  const pressUnseen = (key) => document.querySelector(`.st-key-${key} button`)?.click();
  if (name === "Undo" && cleared) tools.restored = await pressAll("Redo", cleared);
  else if (name === "Redo" && restored) tools.cleared = await pressAll("Undo", restored);
  else if (name === "Clear") {
    if (cover()) pressUnseen("back");
    cover()?.classList.add("lifted");
    if (byServer("atFirst") && byServer("strokes")) pressUnseen("empty");
    else tools.cleared = await pressAll("Undo", MOST_STROKES);
  } else if (can(name)) componentsButton(name).click();
  else pressUnseen(name === "Undo" ? "earlier" : "later");
  showTools();
}

function showTools() {
  const able = {
    Undo: tools.cleared > 0 || can("Undo") || byServer("earlier") > 0,
    Redo: !tools.cleared && (tools.restored > 0 || can("Redo") || byServer("later") > 0),
    Clear: !tools.cleared,
  };
  for (const button of tools.root.querySelectorAll(".tools button")) {
    button.disabled = !able[button.textContent];
  }
}

function dressCanvas(root) {
  const box = root.querySelector(".dc-root");
  if (!box || !root.querySelector(".dc-toolbar")) return;
  tools.root = root;
  if (!root.querySelector("style[data-ours]")) {
    const style = document.createElement("style");
    style.dataset.ours = "";
    style.textContent = CANVAS_STYLE;
    root.append(style);
  }
  if (!root.querySelector(".tools")) {
    const row = document.createElement("div");
    row.className = "tools";
    for (const name of Object.keys(COMPONENTS_NAMES)) {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", textContent: name });
      button.title = name === "Clear" ? "Clear the canvas; Undo brings it back" : `${name} the last stroke`;
      button.setAttribute("aria-label", name);
      button.addEventListener("click", () => useTool(name));
      row.append(button);
    }
    box.append(row);
  }
  showTools();
  const paper = root.querySelector("canvas.upper-canvas");
  if (paper && !paper.hasAttribute("role")) {
    paper.setAttribute("role", "img");
    paper.setAttribute("aria-label", "Canvas: draw a digit with mouse, finger or pen");
  }
}

whenThere(".st-key-easel *", (host) => {
  const root = host.shadowRoot;
  if (!root) return false;
  dressCanvas(root);
  new MutationObserver((changes) => {
    if (changes.some((change) => !change.target.closest?.(".tools"))) dressCanvas(root);
  }).observe(root, { childList: true, subtree: true, attributeFilter: ["disabled"] });
});

// Ctrl+Z, and Ctrl+Shift+Z or Ctrl+Y, where one does not type.
addEventListener("keydown", (event) => {
  const key = event.key?.toLowerCase(), redo = event.shiftKey ? key === "z" : key === "y";
  if (!(event.ctrlKey || event.metaKey) || event.altKey || !(redo || key === "z")) return;
  if (event.composedPath()[0].closest?.("input:not([type=range]), textarea, [contenteditable]")) return;
  const name = redo ? "Redo" : "Undo";
  const button = [...(tools.root?.querySelectorAll(".tools button") ?? [])].find((b) => b.textContent === name);
  if (!button || button.disabled) return;
  event.preventDefault();
  button.click();
});

// What covers the drawing is lifted by the first touch of the pen; then the server forgets it.
addEventListener("pointerdown", (event) => {
  const paper = event.composedPath()[0];
  if (!paper.matches?.("canvas.upper-canvas")) return;
  Object.assign(tools, { cleared: 0, restored: 0 });
  cover()?.classList.add("lifted");
}, true);

// An answer that is waited for looks so: from the end of a stroke until the next answer is there.
const PATIENCE_MILLISECONDS = 1200;
let waiting = 0;
function waitForAnswer() {
  clearTimeout(waiting);
  waiting = setTimeout(() => document.body.classList.add("waits"), PATIENCE_MILLISECONDS);
}
function answerIsThere() {
  if (tools.root) showTools(); // what the server can bring back may have changed
  clearTimeout(waiting);
  document.body.classList.remove("waits");
}
addEventListener("pointerup", (event) => {
  if (event.composedPath()[0].matches?.("canvas.upper-canvas")) waitForAnswer();
}, true);
whenThere(".st-key-answer", (answer) => {
  answer.setAttribute("aria-live", "polite");
  new MutationObserver(answerIsThere).observe(answer,
    { childList: true, subtree: true, attributes: true, characterData: true });
});

// A picture that is dropped on the canvas, or pasted anywhere, goes to the field for pictures.
function takePicture(files) {
  const picture = [...(files ?? [])].find((file) => file.type.startsWith("image/"));
  const field = document.querySelector(".st-key-upload input[type=file], .st-key-picture input[type=file]");
  if (!picture || !field) return false;
  const given = new DataTransfer();
  given.items.add(picture);
  field.files = given.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
  showSide("reads");
  return true;
}
const overCanvas = (event) => event.target.closest?.(".st-key-easel, .st-key-picture-place");
addEventListener("dragover", (event) => {
  if (overCanvas(event) && event.dataTransfer.types.includes("Files")) event.preventDefault();
});
addEventListener("drop", (event) => {
  if (!overCanvas(event)) return;
  if (takePicture(event.dataTransfer.files)) event.preventDefault();
});
addEventListener("paste", (event) => {
  if (event.target.closest?.("input, textarea, [contenteditable]")) return;
  if (takePicture(event.clipboardData.files)) event.preventDefault();
});
