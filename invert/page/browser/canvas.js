// The canvas. Its toolbar lies inside a shadow root, where the page's style sheet has no say.
const TOOLBAR = `
  .dc-root { display: flex; flex-direction: column; }
  .dc-container { border-radius: 4px; }
  .dc-canvas { outline-color: rgb(0 0 0 / .25); border-radius: 4px; cursor: crosshair; }
  .dc-toolbar, .dc-root:hover > .dc-toolbar, .dc-toolbar:hover, .dc-toolbar:focus-within {
    position: static; opacity: 1; padding: .5rem 0 0; transition: none; }
  .dc-toolbar-card { width: 100%; padding: 0; gap: .5rem; background: none; box-shadow: none;
    color: var(--st-text-color); justify-content: stretch; }
  .dc-icon-button { flex: 1; gap: .4rem; padding: .35rem .5rem; font: inherit; font-size: .87rem;
    border: 1px solid var(--st-border-color); border-radius: .5rem; min-height: 2.1rem; }
  @media (pointer: coarse) { .dc-icon-button { min-height: 44px; } }
  /* Where the style sheet enlarges the canvas, its buttons stay as they are. */
  .dc-toolbar { zoom: calc(1 / var(--enlarged, 1)); }
  .dc-icon-button:not([data-ours]), .dc-toolbar-separator, .dc-toolbar-contextual {
    display: none !important; }
  .dc-icon-button:disabled { color: var(--st-text-color); opacity: .45; }
  .dc-icon-button:hover:not(:disabled) { background: none; color: var(--st-primary-color);
    border-color: var(--st-primary-color); }
  .dc-icon-button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
  .dc-icon-button::after { content: attr(data-ours); }
  @media (prefers-color-scheme: dark) { .dc-scroll { filter: invert(.9); } }`;
const NAMES = { Undo: "Undo", Redo: "Redo", "Reset canvas & history": "Clear" };

function dressCanvas(root) {
  if (!root.querySelector(".dc-toolbar")) return;
  if (!root.querySelector("style[data-ours]")) {
    const style = document.createElement("style");
    style.dataset.ours = "";
    style.textContent = TOOLBAR;
    root.append(style);
  }
  for (const button of root.querySelectorAll(".dc-icon-button:not([data-ours])")) {
    const name = NAMES[button.title];
    if (!name) continue;
    button.dataset.ours = name;
    button.title = name === "Clear" ? "Clear the canvas" : `${name} the last stroke`;
    button.setAttribute("aria-label", name);
  }
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
  new MutationObserver(() => dressCanvas(root)).observe(root, { childList: true, subtree: true });
});

// What covers the drawing is lifted by the first touch of the pen; then the server forgets it.
addEventListener("pointerdown", (event) => {
  if (event.target.closest?.(".st-key-easel")) document.querySelector(".given")?.classList.add("lifted");
}, true);
